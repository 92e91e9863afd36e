-- Of an entity of which nothing is learned.
SELECT * EXCLUDE (churn_probability, risk_band, reasons, model_id, scored_at, log_odds, reasons_bias, reasons_rest)
FROM (SELECT * FROM {{base}} ANTI JOIN {{delta}} USING ({{key}}) UNION ALL SELECT * FROM {{delta}})
