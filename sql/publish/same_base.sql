SELECT count(*) FROM snapshot_out.snapshot_base WHERE base = $1
