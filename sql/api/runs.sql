-- $1 rows, $2 the last run of the page before or NULL, $3 a state or NULL, $4 only this run or NULL.
SELECT run_id, started_at, finished_at, state, error, round((epoch_us(finished_at) - epoch_us(started_at)) / 1e6, 3) AS seconds
FROM serving_runs
WHERE ($2::VARCHAR IS NULL OR (started_at, run_id) < (SELECT (started_at, run_id) FROM serving_runs WHERE run_id = $2))
  AND ($3::VARCHAR IS NULL OR state = $3)
  AND ($4::VARCHAR IS NULL OR run_id = $4)
ORDER BY started_at DESC, run_id DESC LIMIT $1
