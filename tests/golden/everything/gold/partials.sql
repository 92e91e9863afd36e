CREATE OR REPLACE TEMP TABLE refine_partials AS
SELECT subscriber_id, (CASE WHEN event_timestamp >= TIMESTAMP {{from_1d}} THEN 3 WHEN event_timestamp >= TIMESTAMP {{from_7d}} THEN 2 WHEN event_timestamp >= TIMESTAMP {{from_30d}} THEN 1 ELSE 0 END)::TINYINT AS band,
    count(*) AS events_n,
    count(CASE WHEN reading_kwh > 10.5 AND reading_kwh <= 1000 AND "kind" IN ('gas', 'power') AND is_on = true THEN 1 END) AS high_readings_n,
    count(CASE WHEN "kind" NOT IN ('gas') AND phase_number = 1 THEN 1 END) AS odd_readings_n,
    coalesce(sum(reading_kwh), 0)::DECIMAL(18,3) AS kwh_sum,
    count(reading_kwh) AS kwh_n,
    coalesce(sum(phase_number), 0)::BIGINT AS mean_phase_sum,
    count(phase_number) AS mean_phase_n,
    min(CASE WHEN "kind" = 'power' THEN reading_kwh END) AS lowest_kwh_min,
    max(reading_kwh) AS highest_kwh_max,
    min(installed_on) AS first_install_min,
    max(CASE WHEN "kind" IS NOT NULL THEN {'at': event_timestamp, 'source': source_system, 'id': event_id, 'value': "kind"} END) AS last_kind_last,
    max(CASE WHEN level_number IS NOT NULL AND is_on = true THEN {'at': event_timestamp, 'source': source_system, 'id': event_id, 'value': level_number} END) AS last_level_last
FROM silver_clean_events_rebuild
WHERE batch_id > {{after}} AND batch_id <= {{upto}}
GROUP BY ALL
