SELECT run_id, started_at, finished_at, state, error, round(epoch(finished_at - started_at), 3) AS seconds
FROM serving_runs ORDER BY started_at DESC LIMIT $1
