-- As store_all_scores, into the delta.
INSERT INTO scores_fresh (entity_id, churn_probability, risk_band, reasons, model_id, scored_at, log_odds, reasons_bias, reasons_rest)
SELECT entity_id, churn_probability, risk_band, reasons, $1, $2, log_odds, reasons_bias, reasons_rest FROM churn_score_rows()
