CREATE OR REPLACE TEMP TABLE refine_leaving AS
SELECT subscriber_id,
    count(*) AS events_n,
    count(CASE WHEN event_type = 'BSS' THEN 1 END) AS bss_events_n,
    count(CASE WHEN event_type = 'OSS' THEN 1 END) AS oss_events_n,
    count(CASE WHEN event_type = 'IoT' THEN 1 END) AS iot_events_n,
    coalesce(sum(oss_signal_dbm), 0)::BIGINT AS avg_signal_dbm_sum,
    count(oss_signal_dbm) AS avg_signal_dbm_n,
    coalesce(sum(oss_latency_ms), 0)::BIGINT AS avg_latency_ms_sum,
    count(oss_latency_ms) AS avg_latency_ms_n,
    coalesce(sum(oss_packet_loss_pct), 0)::DECIMAL(18,6) AS avg_packet_loss_pct_sum,
    count(oss_packet_loss_pct) AS avg_packet_loss_pct_n,
    coalesce(sum(bss_bill_zmw), 0)::DECIMAL(18,2) AS avg_bill_zmw_sum,
    count(bss_bill_zmw) AS avg_bill_zmw_n,
    coalesce(sum(bss_data_used_mb), 0)::BIGINT AS avg_data_used_mb_sum,
    count(bss_data_used_mb) AS avg_data_used_mb_n,
    count(CASE WHEN event_type = 'BSS' AND bss_payment_status = 'overdue' THEN 1 END) AS overdue_count_n,
    coalesce(sum(iot_battery_pct), 0)::BIGINT AS avg_battery_pct_sum,
    count(iot_battery_pct) AS avg_battery_pct_n,
    coalesce(sum(quality_score), 0)::BIGINT AS avg_quality_score_sum,
    count(quality_score) AS avg_quality_score_n
FROM silver_clean_events
WHERE batch_id <= {{after}} AND event_timestamp >= TIMESTAMP {{from}} AND event_timestamp < TIMESTAMP {{to}}
GROUP BY ALL;
INSERT INTO gold_state_sums (subscriber_id, band, events_n, bss_events_n, oss_events_n, iot_events_n, avg_signal_dbm_sum, avg_signal_dbm_n, avg_latency_ms_sum, avg_latency_ms_n, avg_packet_loss_pct_sum, avg_packet_loss_pct_n, avg_bill_zmw_sum, avg_bill_zmw_n, avg_data_used_mb_sum, avg_data_used_mb_n, overdue_count_n, avg_battery_pct_sum, avg_battery_pct_n, avg_quality_score_sum, avg_quality_score_n)
SELECT subscriber_id, {{band}}, -events_n, -bss_events_n, -oss_events_n, -iot_events_n, -avg_signal_dbm_sum, -avg_signal_dbm_n, -avg_latency_ms_sum, -avg_latency_ms_n, -avg_packet_loss_pct_sum, -avg_packet_loss_pct_n, -avg_bill_zmw_sum, -avg_bill_zmw_n, -avg_data_used_mb_sum, -avg_data_used_mb_n, -overdue_count_n, -avg_battery_pct_sum, -avg_battery_pct_n, -avg_quality_score_sum, -avg_quality_score_n
FROM refine_leaving;
INSERT INTO gold_state_sums (subscriber_id, band, events_n, bss_events_n, oss_events_n, iot_events_n, avg_signal_dbm_sum, avg_signal_dbm_n, avg_latency_ms_sum, avg_latency_ms_n, avg_packet_loss_pct_sum, avg_packet_loss_pct_n, avg_bill_zmw_sum, avg_bill_zmw_n, avg_data_used_mb_sum, avg_data_used_mb_n, overdue_count_n, avg_battery_pct_sum, avg_battery_pct_n, avg_quality_score_sum, avg_quality_score_n)
SELECT subscriber_id, {{band}} - 1, events_n, bss_events_n, oss_events_n, iot_events_n, avg_signal_dbm_sum, avg_signal_dbm_n, avg_latency_ms_sum, avg_latency_ms_n, avg_packet_loss_pct_sum, avg_packet_loss_pct_n, avg_bill_zmw_sum, avg_bill_zmw_n, avg_data_used_mb_sum, avg_data_used_mb_n, overdue_count_n, avg_battery_pct_sum, avg_battery_pct_n, avg_quality_score_sum, avg_quality_score_n
FROM refine_leaving;
