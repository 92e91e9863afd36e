CREATE OR REPLACE TEMP TABLE refine_leaving AS
SELECT subscriber_id,
    count(*) AS events_n,
    count(CASE WHEN reading_kwh > 10.5 AND reading_kwh <= 1000 AND "kind" IN ('gas', 'power') AND is_on = true THEN 1 END) AS high_readings_n,
    coalesce(sum(reading_kwh), 0)::DECIMAL(18,3) AS kwh_sum,
    count(reading_kwh) AS kwh_n,
    coalesce(sum(phase_number), 0)::BIGINT AS mean_phase_sum,
    count(phase_number) AS mean_phase_n
FROM silver_clean_events_rebuild
WHERE batch_id <= {{after}} AND event_timestamp >= TIMESTAMP {{from}} AND event_timestamp < TIMESTAMP {{to}}
GROUP BY ALL;
INSERT INTO gold_state_sums_rebuild (subscriber_id, band, events_n, high_readings_n, kwh_sum, kwh_n, mean_phase_sum, mean_phase_n)
SELECT subscriber_id, {{band}}, -events_n, -high_readings_n, -kwh_sum, -kwh_n, -mean_phase_sum, -mean_phase_n
FROM refine_leaving;
INSERT INTO gold_state_sums_rebuild (subscriber_id, band, events_n, high_readings_n, kwh_sum, kwh_n, mean_phase_sum, mean_phase_n)
SELECT subscriber_id, {{band}} - 1, events_n, high_readings_n, kwh_sum, kwh_n, mean_phase_sum, mean_phase_n
FROM refine_leaving;
