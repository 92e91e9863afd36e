-- At risk: as the model says, or Gold's rule for those without a score. The value is NULL for a pipeline that declares none.
SELECT count(*) AS total,
       count(churn_probability) AS scored,
       count(*) FILTER (WHERE risk_band = 'high') AS high,
       count(*) FILTER (WHERE risk_band = 'medium') AS medium,
       count(*) FILTER (WHERE risk_band = 'low') AS low,
       count(*) FILTER (WHERE churn_probability IS NULL) AS unscored,
       count(*) FILTER (WHERE at_risk) AS at_risk,
       coalesce(sum(value), CASE WHEN count(*) = 0 THEN 0 END)::DOUBLE AS value,
       coalesce(sum(value) FILTER (WHERE at_risk), CASE WHEN count(*) = 0 OR count(value) > 0 THEN 0 END)::DOUBLE AS value_at_risk
FROM (SELECT churn_probability, risk_band, {{value}} AS value, coalesce(risk_band = 'high', {{label}} = 1) AS at_risk FROM api_ranked)
