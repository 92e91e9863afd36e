-- The last change of each score that changed after {{after}}, as api/score_before.
SELECT DISTINCT ON (entity_id) entity_id, probability_before AS churn_probability, band_before AS risk_band, scored_at AS "at"
FROM score_changes WHERE scored_at > {{after}} ORDER BY entity_id, scored_at DESC
