-- Backups of an older version have fewer tables.
SELECT count(*) FROM duckdb_tables() WHERE database_name = 'backup_in' AND table_name = $1
