CREATE OR REPLACE TABLE gold_state_total_rebuild AS
SELECT subscriber_id,
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
FROM gold_state_total_rebuild GROUP BY subscriber_id;
CREATE OR REPLACE TABLE gold_state_window_rebuild AS
SELECT subscriber_id, band,
    sum(events_n)::BIGINT AS events_n,
    sum(high_readings_n)::BIGINT AS high_readings_n,
    sum(kwh_sum)::DECIMAL(18,3) AS kwh_sum,
    sum(kwh_n)::BIGINT AS kwh_n,
    sum(mean_phase_sum)::BIGINT AS mean_phase_sum,
    sum(mean_phase_n)::BIGINT AS mean_phase_n
FROM gold_state_window_rebuild GROUP BY subscriber_id, band;
CREATE OR REPLACE TABLE gold_state_extreme_rebuild AS
SELECT * FROM (
    SELECT subscriber_id, day,
        CASE WHEN later_lowest_kwh_min IS NULL OR lowest_kwh_min < later_lowest_kwh_min THEN lowest_kwh_min END AS lowest_kwh_min,
        CASE WHEN later_highest_kwh_max IS NULL OR highest_kwh_max > later_highest_kwh_max THEN highest_kwh_max END AS highest_kwh_max,
        CASE WHEN later_first_install_min IS NULL OR first_install_min < later_first_install_min THEN first_install_min END AS first_install_min
    FROM (SELECT subscriber_id, day, lowest_kwh_min, highest_kwh_max, first_install_min,
        min(lowest_kwh_min) OVER later AS later_lowest_kwh_min,
        max(highest_kwh_max) OVER later AS later_highest_kwh_max,
        min(first_install_min) OVER later AS later_first_install_min
        FROM (SELECT subscriber_id, day,
    min(lowest_kwh_min) AS lowest_kwh_min,
    max(highest_kwh_max) AS highest_kwh_max,
    min(first_install_min) AS first_install_min FROM gold_state_extreme_rebuild WHERE day >= DATE {{from}} GROUP BY ALL)
        WINDOW later AS (PARTITION BY subscriber_id ORDER BY day ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)))
WHERE lowest_kwh_min IS NOT NULL OR highest_kwh_max IS NOT NULL OR first_install_min IS NOT NULL;
UPDATE gold_state_rebuild SET compacted_rows = (SELECT count(*) FROM gold_state_total_rebuild) + (SELECT count(*) FROM gold_state_window_rebuild)
    + (SELECT count(*) FROM gold_state_extreme_rebuild);
