SELECT count(*) FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = 'main' AND table_name = 'gold_subscriber_features' AND column_name = 'churn_label'
