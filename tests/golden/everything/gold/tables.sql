CREATE TABLE IF NOT EXISTS gold_state_sums_rebuild (
    subscriber_id VARCHAR,
    band TINYINT,
    events_n BIGINT,
    high_readings_n BIGINT,
    odd_readings_n BIGINT,
    kwh_sum DECIMAL(18,3),
    kwh_n BIGINT,
    mean_phase_sum BIGINT,
    mean_phase_n BIGINT,
    lowest_kwh_min DECIMAL(9,3),
    highest_kwh_max DECIMAL(9,3),
    first_install_min DATE,
    last_kind_last STRUCT("at" TIMESTAMP, source VARCHAR, id VARCHAR, "value" VARCHAR),
    last_level_last STRUCT("at" TIMESTAMP, source VARCHAR, id VARCHAR, "value" SMALLINT)
);
CREATE TABLE IF NOT EXISTS gold_state_extreme_rebuild (
    subscriber_id VARCHAR,
    day DATE,
    lowest_kwh_min DECIMAL(9,3),
    highest_kwh_max DECIMAL(9,3),
    first_install_min DATE
);
CREATE TABLE IF NOT EXISTS gold_state_rebuild (
    newest DATE,
    compacted_sums BIGINT,
    compacted_extremes BIGINT
);
INSERT INTO gold_state_rebuild SELECT NULL, 0, 0 WHERE NOT EXISTS (FROM gold_state_rebuild);
