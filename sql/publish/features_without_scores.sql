-- Of an entity of which nothing is learned.
SELECT * EXCLUDE (churn_probability, risk_band, reasons, model_id, scored_at)
FROM (SELECT * FROM {{base}} ANTI JOIN {{delta}} USING ({{key}}) UNION ALL SELECT * FROM {{delta}})
