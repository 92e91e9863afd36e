CREATE OR REPLACE TEMP TABLE refine_leaving AS
SELECT oss_tower_id,
    count(*) AS events_n,
    coalesce(sum(oss_signal_dbm), 0)::BIGINT AS avg_signal_dbm_sum,
    count(oss_signal_dbm) AS avg_signal_dbm_n,
    coalesce(sum(oss_latency_ms), 0)::BIGINT AS avg_latency_ms_sum,
    count(oss_latency_ms) AS avg_latency_ms_n,
    coalesce(sum(oss_packet_loss_pct), 0)::DECIMAL(18,6) AS avg_packet_loss_pct_sum,
    count(oss_packet_loss_pct) AS avg_packet_loss_pct_n
FROM silver_clean_events
WHERE batch_id <= {{after}} AND event_timestamp >= TIMESTAMP {{from}} AND event_timestamp < TIMESTAMP {{to}} AND oss_tower_id IS NOT NULL
GROUP BY ALL;
INSERT INTO gold_tower_state_sums (oss_tower_id, band, events_n, avg_signal_dbm_sum, avg_signal_dbm_n, avg_latency_ms_sum, avg_latency_ms_n, avg_packet_loss_pct_sum, avg_packet_loss_pct_n)
SELECT oss_tower_id, {{band}}, -events_n, -avg_signal_dbm_sum, -avg_signal_dbm_n, -avg_latency_ms_sum, -avg_latency_ms_n, -avg_packet_loss_pct_sum, -avg_packet_loss_pct_n
FROM refine_leaving;
INSERT INTO gold_tower_state_sums (oss_tower_id, band, events_n, avg_signal_dbm_sum, avg_signal_dbm_n, avg_latency_ms_sum, avg_latency_ms_n, avg_packet_loss_pct_sum, avg_packet_loss_pct_n)
SELECT oss_tower_id, {{band}} - 1, events_n, avg_signal_dbm_sum, avg_signal_dbm_n, avg_latency_ms_sum, avg_latency_ms_n, avg_packet_loss_pct_sum, avg_packet_loss_pct_n
FROM refine_leaving;
