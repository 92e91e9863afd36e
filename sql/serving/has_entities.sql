SELECT (SELECT count(*) FROM duckdb_views() WHERE view_name = 'gold_entities') + (SELECT count(*) FROM duckdb_tables() WHERE table_name = 'gold_entities')
