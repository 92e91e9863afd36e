CREATE OR REPLACE TABLE gold_state_total AS
SELECT subscriber_id,
    sum(events_n)::BIGINT AS events_n,
    sum(bss_events_n)::BIGINT AS bss_events_n,
    sum(oss_events_n)::BIGINT AS oss_events_n,
    sum(iot_events_n)::BIGINT AS iot_events_n,
    sum(avg_signal_dbm_sum)::BIGINT AS avg_signal_dbm_sum,
    sum(avg_signal_dbm_n)::BIGINT AS avg_signal_dbm_n,
    sum(avg_latency_ms_sum)::BIGINT AS avg_latency_ms_sum,
    sum(avg_latency_ms_n)::BIGINT AS avg_latency_ms_n,
    sum(avg_packet_loss_pct_sum)::DECIMAL(18,6) AS avg_packet_loss_pct_sum,
    sum(avg_packet_loss_pct_n)::BIGINT AS avg_packet_loss_pct_n,
    sum(avg_bill_zmw_sum)::DECIMAL(18,2) AS avg_bill_zmw_sum,
    sum(avg_bill_zmw_n)::BIGINT AS avg_bill_zmw_n,
    sum(avg_data_used_mb_sum)::BIGINT AS avg_data_used_mb_sum,
    sum(avg_data_used_mb_n)::BIGINT AS avg_data_used_mb_n,
    max(max_days_overdue_max) AS max_days_overdue_max,
    sum(overdue_count_n)::BIGINT AS overdue_count_n,
    sum(avg_battery_pct_sum)::BIGINT AS avg_battery_pct_sum,
    sum(avg_battery_pct_n)::BIGINT AS avg_battery_pct_n,
    sum(avg_quality_score_sum)::BIGINT AS avg_quality_score_sum,
    sum(avg_quality_score_n)::BIGINT AS avg_quality_score_n
FROM gold_state_total GROUP BY subscriber_id;
CREATE OR REPLACE TABLE gold_state_window AS
SELECT subscriber_id, band,
    sum(events_n)::BIGINT AS events_n,
    sum(bss_events_n)::BIGINT AS bss_events_n,
    sum(oss_events_n)::BIGINT AS oss_events_n,
    sum(iot_events_n)::BIGINT AS iot_events_n,
    sum(avg_signal_dbm_sum)::BIGINT AS avg_signal_dbm_sum,
    sum(avg_signal_dbm_n)::BIGINT AS avg_signal_dbm_n,
    sum(avg_latency_ms_sum)::BIGINT AS avg_latency_ms_sum,
    sum(avg_latency_ms_n)::BIGINT AS avg_latency_ms_n,
    sum(avg_packet_loss_pct_sum)::DECIMAL(18,6) AS avg_packet_loss_pct_sum,
    sum(avg_packet_loss_pct_n)::BIGINT AS avg_packet_loss_pct_n,
    sum(avg_bill_zmw_sum)::DECIMAL(18,2) AS avg_bill_zmw_sum,
    sum(avg_bill_zmw_n)::BIGINT AS avg_bill_zmw_n,
    sum(avg_data_used_mb_sum)::BIGINT AS avg_data_used_mb_sum,
    sum(avg_data_used_mb_n)::BIGINT AS avg_data_used_mb_n,
    sum(overdue_count_n)::BIGINT AS overdue_count_n,
    sum(avg_battery_pct_sum)::BIGINT AS avg_battery_pct_sum,
    sum(avg_battery_pct_n)::BIGINT AS avg_battery_pct_n,
    sum(avg_quality_score_sum)::BIGINT AS avg_quality_score_sum,
    sum(avg_quality_score_n)::BIGINT AS avg_quality_score_n
FROM gold_state_window GROUP BY subscriber_id, band;
CREATE OR REPLACE TABLE gold_state_extreme AS
SELECT * FROM (
    SELECT subscriber_id, day,
        CASE WHEN later_max_days_overdue_max IS NULL OR max_days_overdue_max > later_max_days_overdue_max THEN max_days_overdue_max END AS max_days_overdue_max
    FROM (SELECT subscriber_id, day, max_days_overdue_max,
        max(max_days_overdue_max) OVER later AS later_max_days_overdue_max
        FROM (SELECT subscriber_id, day,
    max(max_days_overdue_max) AS max_days_overdue_max FROM gold_state_extreme WHERE day >= DATE {{from}} GROUP BY ALL)
        WINDOW later AS (PARTITION BY subscriber_id ORDER BY day ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)))
WHERE max_days_overdue_max IS NOT NULL;
UPDATE gold_state SET compacted_rows = (SELECT count(*) FROM gold_state_total) + (SELECT count(*) FROM gold_state_window)
    + (SELECT count(*) FROM gold_state_extreme);
