SELECT epoch_us(max(event_timestamp)) // 86400000000 FROM silver_clean_events
WHERE batch_id > {{after}} AND batch_id <= {{upto}} AND oss_tower_id IS NOT NULL
HAVING count(*) > 0
