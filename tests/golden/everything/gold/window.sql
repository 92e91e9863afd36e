INSERT INTO gold_state_window_rebuild (subscriber_id, band, events_n, high_readings_n, kwh_sum, kwh_n, mean_phase_sum, mean_phase_n)
SELECT subscriber_id, band, events_n, high_readings_n, kwh_sum, kwh_n, mean_phase_sum, mean_phase_n
FROM refine_partials WHERE band > 0
