-- Changes whenever something that the live views show changes. A score that another one has replaced is older than that one.
SELECT to_hex(hash(b.newest, r.refined_at, s.newest, m.newest, u.n, u.finished, t.n, t.newest, t.seconds, t.attempts, r.declared_sha256)), r.declared_sha256
FROM (SELECT max(batch_id) AS newest FROM ledger_batches) AS b, refine_progress AS r, (SELECT max(newest) AS newest FROM (SELECT max(scored_at) AS newest FROM scores_base UNION ALL SELECT max(scored_at) FROM scores_fresh)) AS s,
     (SELECT hash(max(trained_at), max(promoted_at)) AS newest FROM models) AS m, (SELECT count(*) AS n, max(finished_at) AS finished FROM runs) AS u,
     (SELECT count(*) AS n, max(started_at) AS newest, sum(seconds) AS seconds, sum(attempts) AS attempts FROM run_steps) AS t
