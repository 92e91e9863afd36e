-- The columns of $1, a table or view of features, and whether each is a number.
SELECT column_name, data_type IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'FLOAT', 'DOUBLE') OR data_type LIKE 'DECIMAL%' AS is_number
FROM duckdb_columns() WHERE database_name = current_database() AND table_name = $1
