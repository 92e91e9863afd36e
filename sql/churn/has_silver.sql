SELECT count(*) FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = 'main' AND table_name = 'silver_clean_events' AND column_name = 'event_timestamp'
