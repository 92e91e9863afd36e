CREATE TABLE IF NOT EXISTS snapshot_out.snapshot_bases (table_name VARCHAR, base VARCHAR)
