INSERT INTO runs (run_id, started_at, state) VALUES ($1, $2, 'running');
