INSERT INTO gold_state_extreme_rebuild (subscriber_id, day, lowest_kwh_min, highest_kwh_max, first_install_min)
SELECT subscriber_id, event_timestamp::DATE AS day,
    min(CASE WHEN "kind" = 'power' THEN reading_kwh END) AS lowest_kwh_min,
    max(reading_kwh) AS highest_kwh_max,
    min(installed_on) AS first_install_min
FROM silver_clean_events_rebuild
WHERE batch_id > {{after}} AND batch_id <= {{upto}}
    AND event_timestamp >= TIMESTAMP {{from_30d}} AND (reading_kwh IS NOT NULL AND "kind" = 'power' OR reading_kwh IS NOT NULL OR installed_on IS NOT NULL)
GROUP BY ALL
