UPDATE runs SET finished_at = $2, state = $3, error = $4 WHERE run_id = $1;
