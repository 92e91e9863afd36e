-- The scores that are about to be replaced: all ({{all}}), or those of features that were computed after batch {{after}}.
CREATE OR REPLACE TEMP TABLE scores_before AS
SELECT entity_id, churn_probability, risk_band FROM entity_scores
WHERE {{all}} OR entity_id IN (
    SELECT {{key}}::VARCHAR FROM {{base}} WHERE refined_batch > {{after}}
    UNION ALL SELECT {{key}}::VARCHAR FROM {{delta}} WHERE refined_batch > {{after}})
