-- $1 model, $2 the day as of whose beginning the scores hold, or NULL.
UPDATE scores_progress SET model_id = $1, as_of = $2, features_id = (SELECT features_id FROM {{base_table}}),
    batch_id = (SELECT max(refined_batch) FROM (SELECT refined_batch FROM {{base}} UNION ALL SELECT refined_batch FROM {{delta}}))
