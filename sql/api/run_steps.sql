-- The steps of some runs; $1: their ids as a JSON list. usual: of the last 50 runs.
SELECT s.run_id, s.name, s.state, s.attempts, s.started_at, s.seconds, s.summary, s.error, u.usual_s, u.usual_p90_s
FROM serving_run_steps AS s
     LEFT JOIN (SELECT name, round(median(seconds), 3) AS usual_s, round(quantile_cont(seconds, 0.9), 3) AS usual_p90_s
                FROM serving_run_steps
               WHERE state = 'done' AND run_id IN (SELECT run_id FROM serving_runs ORDER BY started_at DESC LIMIT 50)
               GROUP BY name) AS u ON u.name = s.name
WHERE s.run_id IN (SELECT unnest(from_json($1::JSON, '["VARCHAR"]')))
ORDER BY s.position
