-- Of the scores of the live lake: how many models, scores and changes there are, the newest of each, and up to which batch was scored.
SELECT m.n, s.n, coalesce(epoch_us(s.newest), 0), p.batch_id, c.n, coalesce(epoch_us(c.newest), 0)
FROM (SELECT count(*) AS n FROM models) AS m, (SELECT count(*) AS n, max(scored_at) AS newest FROM score_changes) AS c,
     (SELECT count(*) AS n, max(scored_at) AS newest FROM (SELECT scored_at FROM scores_base UNION ALL SELECT scored_at FROM scores_fresh)) AS s,
     (SELECT coalesce(max(batch_id), -1) AS batch_id FROM scores_progress) AS p
