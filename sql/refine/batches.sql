SELECT batch_id, count(*) FROM bronze_raw_events WHERE batch_id > {{after}} GROUP BY batch_id ORDER BY batch_id
