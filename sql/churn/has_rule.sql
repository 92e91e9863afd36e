-- duckdb_columns() would bind every view of the lake.
SELECT count(*) FROM pragma_table_info({{view_name}}) WHERE name = {{label_name}}
