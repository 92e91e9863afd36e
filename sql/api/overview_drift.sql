-- Names and examples are what strangers send: shortened.
SELECT left(event_type, 64) AS event_type, left(field, 128) AS field, kind, events, first_seen, last_seen, left(example, 200) AS example
FROM silver_drift ORDER BY last_seen DESC, silver_drift.event_type, silver_drift.field LIMIT 50
