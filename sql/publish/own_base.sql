SELECT count(*) FROM snapshot_out.snapshot_bases WHERE table_name = $1 AND base = $2
