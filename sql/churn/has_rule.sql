SELECT count(*) FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = 'main' AND table_name = {{view_name}} AND column_name = {{label_name}}
