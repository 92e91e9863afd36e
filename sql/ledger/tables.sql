SELECT table_name FROM duckdb_tables() WHERE table_name IN ('lake_identity', 'ledger_partitions')
