SELECT risk_band AS band, count(*) AS entities, min(churn_probability) AS least, max(churn_probability) AS most
FROM serving_entities WHERE risk_band IS NOT NULL GROUP BY risk_band ORDER BY most DESC
