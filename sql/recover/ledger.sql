SELECT count(*) FROM duckdb_tables() WHERE table_name IN ('ledger_partitions', 'bronze_gaps')
