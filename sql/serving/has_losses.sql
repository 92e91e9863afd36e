SELECT count(*) FROM duckdb_tables() WHERE table_name IN ('bronze_gaps', 'serving_losses')
