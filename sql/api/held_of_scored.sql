-- As api/held_of_snapshot, of the entity with scores, of a live lake: what has other features or another score than the bases.
CREATE OR REPLACE TEMP VIEW held_base AS
SELECT g.* EXCLUDE (refined_batch), s.churn_probability, s.risk_band, s.reasons, s.model_id, s.scored_at, s.log_odds, s.reasons_bias, s.reasons_rest
FROM {{base}} AS g LEFT JOIN scores_base AS s ON s.entity_id = g.{{key}};
CREATE OR REPLACE TEMP VIEW held_delta AS
SELECT * FROM serving_entities WHERE {{key}} IN (SELECT {{key}} FROM {{delta}} UNION ALL SELECT entity_id FROM scores_fresh);
