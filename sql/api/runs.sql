SELECT r.run_id, r.started_at, r.finished_at, r.state, r.error, round(epoch(r.finished_at - r.started_at), 3) AS seconds,
       (SELECT to_json(coalesce(list({'name': s.name, 'state': s.state, 'attempts': s.attempts,
                                      'started_at': strftime(timezone('UTC', s.started_at), '%Y-%m-%dT%H:%M:%S.%fZ'),
                                      'seconds': s.seconds, 'summary': s.summary, 'error': s.error} ORDER BY s.position), []))
        FROM serving_run_steps AS s WHERE s.run_id = r.run_id) AS steps
FROM serving_runs AS r ORDER BY r.started_at DESC LIMIT $1
