SELECT column_name FROM (DESCRIBE SELECT * FROM read_csv({{path}}, header = true, all_varchar = true, delim = {{delimiter}}, quote = '"'))
