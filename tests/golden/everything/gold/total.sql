INSERT INTO gold_state_total_rebuild (subscriber_id, events_n, high_readings_n, odd_readings_n, kwh_sum, kwh_n, mean_phase_sum, mean_phase_n, lowest_kwh_min, highest_kwh_max, first_install_min, last_kind_last, last_level_last)
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
FROM refine_partials GROUP BY subscriber_id
