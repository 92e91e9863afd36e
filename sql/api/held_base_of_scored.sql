-- What names the content of the bases of the entity with scores, of a live lake: each scoring has its own time.
SELECT b.base_id || ' ' || b.features_id || ' ' || s.scores || ' ' || s.newest
FROM {{base_table}} AS b, (SELECT count(*) AS scores, coalesce(epoch_us(max(scored_at)), 0) AS newest FROM scores_base) AS s
