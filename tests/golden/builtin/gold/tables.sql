CREATE TABLE IF NOT EXISTS gold_state_sums (
    subscriber_id VARCHAR,
    band TINYINT,
    events_n BIGINT,
    bss_events_n BIGINT,
    oss_events_n BIGINT,
    iot_events_n BIGINT,
    avg_signal_dbm_sum BIGINT,
    avg_signal_dbm_n BIGINT,
    avg_latency_ms_sum BIGINT,
    avg_latency_ms_n BIGINT,
    avg_packet_loss_pct_sum DECIMAL(18,6),
    avg_packet_loss_pct_n BIGINT,
    avg_bill_zmw_sum DECIMAL(18,2),
    avg_bill_zmw_n BIGINT,
    avg_data_used_mb_sum BIGINT,
    avg_data_used_mb_n BIGINT,
    max_days_overdue_max INTEGER,
    overdue_count_n BIGINT,
    avg_battery_pct_sum BIGINT,
    avg_battery_pct_n BIGINT,
    avg_quality_score_sum BIGINT,
    avg_quality_score_n BIGINT
);
CREATE TABLE IF NOT EXISTS gold_state_extreme (
    subscriber_id VARCHAR,
    day DATE,
    max_days_overdue_max INTEGER
);
CREATE TABLE IF NOT EXISTS gold_state (
    newest DATE,
    compacted_sums BIGINT,
    compacted_extremes BIGINT
);
INSERT INTO gold_state SELECT NULL, 0, 0 WHERE NOT EXISTS (FROM gold_state);
