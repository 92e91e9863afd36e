CREATE OR REPLACE TEMP TABLE refine_partials AS
SELECT oss_tower_id, (CASE WHEN event_timestamp >= TIMESTAMP {{from_7d}} THEN 2 WHEN event_timestamp >= TIMESTAMP {{from_30d}} THEN 1 ELSE 0 END)::TINYINT AS band,
    count(*) AS events_n,
    coalesce(sum(oss_signal_dbm), 0)::BIGINT AS avg_signal_dbm_sum,
    count(oss_signal_dbm) AS avg_signal_dbm_n,
    coalesce(sum(oss_latency_ms), 0)::BIGINT AS avg_latency_ms_sum,
    count(oss_latency_ms) AS avg_latency_ms_n,
    coalesce(sum(oss_packet_loss_pct), 0)::DECIMAL(18,6) AS avg_packet_loss_pct_sum,
    count(oss_packet_loss_pct) AS avg_packet_loss_pct_n,
    max(oss_latency_ms) AS max_latency_ms_max
FROM silver_clean_events
WHERE batch_id > {{after}} AND batch_id <= {{upto}} AND oss_tower_id IS NOT NULL
GROUP BY ALL
