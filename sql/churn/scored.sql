-- $1 model.
UPDATE scores_progress SET model_id = $1, features_id = (SELECT features_id FROM gold_base),
    batch_id = (SELECT max(refined_batch) FROM (SELECT refined_batch FROM gold_features_base UNION ALL SELECT refined_batch FROM gold_features_fresh))
