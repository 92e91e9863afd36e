-- $1 model, $2 the day, $3 from which probability one is called. Once a week.
INSERT INTO model_predictions (model_id, as_of, entity_id, probability, called)
SELECT model_id, $2, entity_id, churn_probability::FLOAT, churn_probability >= $3 FROM entity_scores
WHERE model_id = $1 AND NOT EXISTS (SELECT 1 FROM model_predictions AS p WHERE p.model_id = $1 AND p.as_of > $2::INTEGER - 7)
