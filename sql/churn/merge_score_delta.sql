-- The delta becomes part of the base.
DELETE FROM scores_base WHERE subscriber_id IN (SELECT subscriber_id FROM scores_fresh);
INSERT INTO scores_base (subscriber_id, churn_probability, risk_band, reasons, model_id, scored_at)
SELECT subscriber_id, churn_probability, risk_band, reasons, model_id, scored_at FROM scores_fresh;
DELETE FROM scores_fresh;
