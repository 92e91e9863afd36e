CREATE OR REPLACE TEMP TABLE refine_compacted AS
SELECT oss_tower_id, band,
    sum(events_n)::BIGINT AS events_n,
    sum(avg_signal_dbm_sum)::BIGINT AS avg_signal_dbm_sum,
    sum(avg_signal_dbm_n)::BIGINT AS avg_signal_dbm_n,
    sum(avg_latency_ms_sum)::BIGINT AS avg_latency_ms_sum,
    sum(avg_latency_ms_n)::BIGINT AS avg_latency_ms_n,
    sum(avg_packet_loss_pct_sum)::DECIMAL(18,6) AS avg_packet_loss_pct_sum,
    sum(avg_packet_loss_pct_n)::BIGINT AS avg_packet_loss_pct_n,
    max(max_latency_ms_max) AS max_latency_ms_max
FROM gold_tower_state_sums WHERE rowid < {{end}} GROUP BY oss_tower_id, band;
