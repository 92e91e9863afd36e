-- The features: every numeric column of Gold but the id and the label. By name, not by position: an incremental Gold and a rebuilt one may
-- have their columns in different orders, and the order decides between equally good splits. duckdb_columns() would bind every view there is.
SELECT name
FROM pragma_table_info('gold_subscriber_features')
WHERE name NOT IN ('subscriber_id', 'churn_label')
  AND (type IN ('BOOLEAN', 'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'FLOAT', 'DOUBLE')
       OR starts_with(type, 'DECIMAL'))
ORDER BY name
