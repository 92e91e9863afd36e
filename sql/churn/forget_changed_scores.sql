-- The scores in the delta of those whose features were computed after batch {{after}}.
DELETE FROM scores_fresh WHERE entity_id IN (
    SELECT {{key}}::VARCHAR FROM {{base}} WHERE refined_batch > {{after}}
    UNION ALL SELECT {{key}}::VARCHAR FROM {{delta}} WHERE refined_batch > {{after}})
