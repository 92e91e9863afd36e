-- Bills are NULL for a pipeline that has none. At risk: as the model says, or Gold's rule for subscribers without a score.
SELECT count(*) AS total,
       count(churn_probability) AS scored,
       count(*) FILTER (WHERE risk_band = 'high') AS high,
       count(*) FILTER (WHERE risk_band = 'medium') AS medium,
       count(*) FILTER (WHERE risk_band = 'low') AS low,
       count(*) FILTER (WHERE churn_probability IS NULL) AS unscored,
       count(*) FILTER (WHERE at_risk) AS at_risk,
       coalesce(sum(avg_bill_zmw), CASE WHEN count(*) = 0 THEN 0 END)::DOUBLE AS mean_bills_zmw,
       coalesce(sum(avg_bill_zmw) FILTER (WHERE at_risk), CASE WHEN count(*) = 0 OR count(avg_bill_zmw) > 0 THEN 0 END)::DOUBLE AS mean_bills_at_risk_zmw
FROM (SELECT churn_probability, risk_band, avg_bill_zmw, coalesce(risk_band = 'high', churn_label = 1) AS at_risk FROM api_subscribers)
