-- The features: every numeric column of Gold but the id and the label. By name, not by position: an incremental Gold and a rebuilt one may
-- have their columns in different orders, and the order decides between equally good splits.
SELECT column_name
FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = 'main' AND table_name = 'gold_subscriber_features'
  AND column_name NOT IN ('subscriber_id', 'churn_label')
  AND (data_type IN ('BOOLEAN', 'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'FLOAT', 'DOUBLE')
       OR starts_with(data_type, 'DECIMAL'))
ORDER BY column_name
