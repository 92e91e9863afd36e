-- The steps of the runs that api/runs returns for the same $1.
SELECT run_id, name, state, attempts, started_at, seconds, summary, error FROM serving_run_steps
WHERE run_id IN (SELECT run_id FROM serving_runs ORDER BY started_at DESC LIMIT $1)
ORDER BY position
