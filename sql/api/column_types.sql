-- The columns of $1, a table or view of features, and what conditions compare them as: BIGINT, DOUBLE, TIMESTAMP, BOOLEAN, or NULL, their text.
SELECT column_name, CASE WHEN data_type IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT') THEN 'BIGINT'
                         WHEN data_type IN ('HUGEINT', 'FLOAT', 'DOUBLE') OR data_type LIKE 'DECIMAL%' THEN 'DOUBLE'
                         WHEN data_type IN ('DATE', 'TIMESTAMP') THEN 'TIMESTAMP'
                         WHEN data_type = 'BOOLEAN' THEN 'BOOLEAN' END AS compared_as
FROM duckdb_columns() WHERE database_name = current_database() AND table_name = $1
