-- The scores in the delta of those whose features were computed after batch {{after}}.
DELETE FROM scores_fresh WHERE entity_id IN (
    SELECT {{key}} FROM gold_features_base WHERE refined_batch > {{after}}
    UNION ALL SELECT {{key}} FROM gold_features_fresh WHERE refined_batch > {{after}})
