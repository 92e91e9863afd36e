SELECT count(DISTINCT subscriber_id) FROM silver_clean_events WHERE batch_id > {{after}}
