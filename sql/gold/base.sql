-- What the next base of an entity is made of: the name of the base that is there, the last batch that is refined, and where the rows of base
-- and delta end.
SELECT b.base_id::VARCHAR, r.batch_id, (SELECT coalesce(max(rowid), -1) + 1 FROM {{base}}), (SELECT coalesce(max(rowid), -1) + 1 FROM {{delta}})
FROM {{base_table}} AS b, refine_progress AS r
