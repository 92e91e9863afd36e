-- The scores in the delta of subscribers whose features were computed after batch {{after}}.
DELETE FROM scores_fresh WHERE subscriber_id IN (
    SELECT subscriber_id FROM gold_features_base WHERE refined_batch > {{after}}
    UNION ALL SELECT subscriber_id FROM gold_features_fresh WHERE refined_batch > {{after}})
