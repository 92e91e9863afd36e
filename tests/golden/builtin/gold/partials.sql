CREATE OR REPLACE TEMP TABLE refine_partials AS
SELECT subscriber_id, (CASE WHEN event_timestamp >= TIMESTAMP {{from_7d}} THEN 2 WHEN event_timestamp >= TIMESTAMP {{from_30d}} THEN 1 ELSE 0 END)::TINYINT AS band,
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
    max(bss_days_overdue) AS max_days_overdue_max,
    count(CASE WHEN event_type = 'BSS' AND bss_payment_status = 'overdue' THEN 1 END) AS overdue_count_n,
    coalesce(sum(iot_battery_pct), 0)::BIGINT AS avg_battery_pct_sum,
    count(iot_battery_pct) AS avg_battery_pct_n,
    coalesce(sum(quality_score), 0)::BIGINT AS avg_quality_score_sum,
    count(quality_score) AS avg_quality_score_n
FROM silver_clean_events
WHERE batch_id > {{after}} AND batch_id <= {{upto}}
GROUP BY ALL
