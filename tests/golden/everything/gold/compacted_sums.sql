CREATE OR REPLACE TEMP TABLE refine_compacted AS
SELECT subscriber_id, band,
    sum(events_n)::BIGINT AS events_n,
    sum(high_readings_n)::BIGINT AS high_readings_n,
    sum(odd_readings_n)::BIGINT AS odd_readings_n,
    sum(kwh_sum)::DECIMAL(18,3) AS kwh_sum,
    sum(kwh_n)::BIGINT AS kwh_n,
    sum(mean_phase_sum)::BIGINT AS mean_phase_sum,
    sum(mean_phase_n)::BIGINT AS mean_phase_n,
    min(lowest_kwh_min) AS lowest_kwh_min,
    max(highest_kwh_max) AS highest_kwh_max,
    min(first_install_min) AS first_install_min,
    max(last_kind_last) AS last_kind_last,
    max(last_level_last) AS last_level_last
FROM gold_state_sums_rebuild WHERE rowid < {{end}} GROUP BY subscriber_id, band;
