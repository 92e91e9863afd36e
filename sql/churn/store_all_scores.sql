-- $1 model, $2 time of scoring. churn_score_rows() is the page being scored.
INSERT INTO scores_base (entity_id, churn_probability, risk_band, reasons, model_id, scored_at, log_odds, reasons_bias, reasons_rest)
SELECT entity_id, churn_probability, risk_band, reasons, $1, $2, log_odds, reasons_bias, reasons_rest FROM churn_score_rows()
