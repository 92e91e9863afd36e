-- The columns of $1, a view of features, that are numbers, without $2, the id: names with commas between them, NULL when there are none.
SELECT string_agg(column_name, ',' ORDER BY column_index) FROM duckdb_columns()
WHERE database_name = current_database() AND table_name = $1 AND column_name != $2
  AND (data_type IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'FLOAT', 'DOUBLE') OR data_type LIKE 'DECIMAL%')
