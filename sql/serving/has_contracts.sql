SELECT (SELECT count(*) FROM duckdb_views() WHERE view_name = 'silver_contracts') + (SELECT count(*) FROM duckdb_tables() WHERE table_name = 'serving_contracts')
