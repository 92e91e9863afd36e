-- The type of the column $1 of silver_clean_events; no row: there is no such column.
SELECT data_type FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = 'main' AND table_name = 'silver_clean_events' AND column_name = $1
