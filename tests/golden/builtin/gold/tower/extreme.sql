INSERT INTO gold_tower_state_extreme (oss_tower_id, day, max_latency_ms_max)
SELECT oss_tower_id, event_timestamp::DATE AS day,
    max(oss_latency_ms) AS max_latency_ms_max
FROM silver_clean_events
WHERE batch_id > {{after}} AND batch_id <= {{upto}} AND oss_tower_id IS NOT NULL
    AND event_timestamp >= TIMESTAMP {{from_30d}} AND (oss_latency_ms IS NOT NULL)
GROUP BY ALL
