-- The delta becomes part of the base.
DELETE FROM scores_base WHERE entity_id IN (SELECT entity_id FROM scores_fresh);
INSERT INTO scores_base (entity_id, churn_probability, risk_band, reasons, model_id, scored_at, log_odds, reasons_bias, reasons_rest)
SELECT entity_id, churn_probability, risk_band, reasons, model_id, scored_at, log_odds, reasons_bias, reasons_rest FROM scores_fresh;
DELETE FROM scores_fresh;
