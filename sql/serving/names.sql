-- The columns of Gold that the API names. A pipeline need not have them: those that it lacks are NULL. An UNION BY NAME with no rows adds them.
CREATE OR REPLACE TEMP VIEW api_subscribers AS
FROM serving_subscribers
UNION ALL BY NAME
SELECT NULL AS total_events, NULL AS avg_bill_zmw, NULL AS max_days_overdue, NULL AS avg_signal_dbm, NULL AS avg_latency_ms, NULL AS churn_label
WHERE false;
