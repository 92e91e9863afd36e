INSERT INTO run_steps (run_id, position, name, state, attempts, started_at, seconds, summary, error)
VALUES ($1, $2, $3, $4, $5, $6::TIMESTAMPTZ, $7, $8::JSON, $9);
