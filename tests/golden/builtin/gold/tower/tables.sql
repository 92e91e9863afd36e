CREATE TABLE IF NOT EXISTS gold_tower_state_sums (
    oss_tower_id VARCHAR,
    band TINYINT,
    events_n BIGINT,
    avg_signal_dbm_sum BIGINT,
    avg_signal_dbm_n BIGINT,
    avg_latency_ms_sum BIGINT,
    avg_latency_ms_n BIGINT,
    avg_packet_loss_pct_sum DECIMAL(18,6),
    avg_packet_loss_pct_n BIGINT,
    max_latency_ms_max INTEGER
);
CREATE TABLE IF NOT EXISTS gold_tower_state_extreme (
    oss_tower_id VARCHAR,
    day DATE,
    max_latency_ms_max INTEGER
);
CREATE TABLE IF NOT EXISTS gold_tower_state (
    newest DATE,
    compacted_sums BIGINT,
    compacted_extremes BIGINT
);
INSERT INTO gold_tower_state SELECT NULL, 0, 0 WHERE NOT EXISTS (FROM gold_tower_state);
