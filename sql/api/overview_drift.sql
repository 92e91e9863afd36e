SELECT event_type, field, kind, events, first_seen, last_seen, example FROM silver_drift ORDER BY last_seen DESC, event_type, field LIMIT 50
