INSERT INTO snapshot_out.snapshot_bases (table_name, base) VALUES ($1, $2)
