-- The entities of the events after a batch.
SELECT count(DISTINCT {{key}}) FROM silver_clean_events WHERE batch_id > {{after}}
