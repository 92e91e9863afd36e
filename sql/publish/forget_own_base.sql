DELETE FROM snapshot_out.snapshot_bases WHERE table_name = $1
