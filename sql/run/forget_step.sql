DELETE FROM run_steps WHERE run_id = $1 AND position = $2
