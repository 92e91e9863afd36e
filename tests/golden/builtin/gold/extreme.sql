INSERT INTO gold_state_extreme (subscriber_id, day, max_days_overdue_max)
SELECT subscriber_id, event_timestamp::DATE AS day,
    max(bss_days_overdue) AS max_days_overdue_max
FROM silver_clean_events
WHERE batch_id > {{after}} AND batch_id <= {{upto}}
    AND event_timestamp >= TIMESTAMP {{from_30d}} AND (bss_days_overdue IS NOT NULL)
GROUP BY ALL
