-- $1 the run, $3 its steps as a JSON array, of which the first is at position $2.
INSERT INTO run_steps (run_id, position, name, state, attempts, started_at, seconds, summary, error)
SELECT $1, $2 + index - 1, step.name, step.state, step.attempts, step.started_at, step.seconds, step.summary, step.error
FROM (SELECT unnest(steps) AS step, generate_subscripts(steps, 1) AS index
      FROM (SELECT from_json($3::JSON, '[{"name": "VARCHAR", "state": "VARCHAR", "attempts": "INTEGER", "started_at": "TIMESTAMPTZ",
                                          "seconds": "DOUBLE", "summary": "JSON", "error": "VARCHAR"}]') AS steps))
