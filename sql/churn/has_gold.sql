SELECT count(*) FROM duckdb_views() WHERE view_name = 'gold_subscriber_features'
