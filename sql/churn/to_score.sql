-- One row: how many rows Gold has, and how many of them, in base and delta, have features that changed since they were scored. `same`: by
-- the model $1, on features that were not recomputed for all since.
SELECT (SELECT count(*) FROM {{base}}) + (SELECT count(*) FROM {{delta}}) AS rows,
       (SELECT count(*) FROM {{base}} WHERE refined_batch > p.batch_id) AS changed_in_base,
       (SELECT count(*) FROM {{delta}} WHERE refined_batch > p.batch_id) AS changed_since,
       p.batch_id, coalesce(p.model_id = $1 AND p.features_id = b.features_id, false) AS same
FROM scores_progress AS p, {{base_table}} AS b
