-- Whether the lake, or the snapshot, is of a version that measures.
SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'main' AND table_name = 'quality_state'
