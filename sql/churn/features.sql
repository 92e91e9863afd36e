-- The features: every numeric column of Gold except the id and the label; other labels are in sql/churn/label_names.sql. In order of names, not of
-- positions: the columns of an incremental Gold and of a rebuilt one may have different orders, and the order decides between equally good splits.
-- duckdb_columns() would bind every view of the lake.
SELECT name
FROM pragma_table_info({{view_name}})
WHERE name NOT IN ({{key_name}}, coalesce({{label_name}}, ''))
  AND (type IN ('BOOLEAN', 'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'FLOAT', 'DOUBLE')
       OR starts_with(type, 'DECIMAL'))
ORDER BY name
