CREATE OR REPLACE TABLE gold_tower_features_base AS
WITH sums AS (
    SELECT oss_tower_id,
        sum(events_n)::BIGINT AS events_n,
        sum(avg_signal_dbm_sum)::BIGINT AS avg_signal_dbm_sum,
        sum(avg_signal_dbm_n)::BIGINT AS avg_signal_dbm_n,
        sum(avg_latency_ms_sum)::BIGINT AS avg_latency_ms_sum,
        sum(avg_latency_ms_n)::BIGINT AS avg_latency_ms_n,
        sum(avg_packet_loss_pct_sum)::DECIMAL(18,6) AS avg_packet_loss_pct_sum,
        sum(avg_packet_loss_pct_n)::BIGINT AS avg_packet_loss_pct_n,
        max(max_latency_ms_max) AS max_latency_ms_max,
        sum(CASE WHEN band >= 2 THEN events_n END)::BIGINT AS events_n_7d,
        sum(CASE WHEN band >= 1 THEN events_n END)::BIGINT AS events_n_30d,
        sum(CASE WHEN band >= 2 THEN avg_signal_dbm_sum END)::BIGINT AS avg_signal_dbm_sum_7d,
        sum(CASE WHEN band >= 1 THEN avg_signal_dbm_sum END)::BIGINT AS avg_signal_dbm_sum_30d,
        sum(CASE WHEN band >= 2 THEN avg_signal_dbm_n END)::BIGINT AS avg_signal_dbm_n_7d,
        sum(CASE WHEN band >= 1 THEN avg_signal_dbm_n END)::BIGINT AS avg_signal_dbm_n_30d,
        sum(CASE WHEN band >= 2 THEN avg_latency_ms_sum END)::BIGINT AS avg_latency_ms_sum_7d,
        sum(CASE WHEN band >= 1 THEN avg_latency_ms_sum END)::BIGINT AS avg_latency_ms_sum_30d,
        sum(CASE WHEN band >= 2 THEN avg_latency_ms_n END)::BIGINT AS avg_latency_ms_n_7d,
        sum(CASE WHEN band >= 1 THEN avg_latency_ms_n END)::BIGINT AS avg_latency_ms_n_30d,
        sum(CASE WHEN band >= 2 THEN avg_packet_loss_pct_sum END)::DECIMAL(18,6) AS avg_packet_loss_pct_sum_7d,
        sum(CASE WHEN band >= 1 THEN avg_packet_loss_pct_sum END)::DECIMAL(18,6) AS avg_packet_loss_pct_sum_30d,
        sum(CASE WHEN band >= 2 THEN avg_packet_loss_pct_n END)::BIGINT AS avg_packet_loss_pct_n_7d,
        sum(CASE WHEN band >= 1 THEN avg_packet_loss_pct_n END)::BIGINT AS avg_packet_loss_pct_n_30d
    FROM gold_tower_state_sums GROUP BY oss_tower_id HAVING sum(events_n) >= 1
), extremes AS (
    SELECT oss_tower_id,
        max(CASE WHEN day > (SELECT newest FROM gold_tower_state) - 7 THEN max_latency_ms_max END) AS max_latency_ms_max_7d,
        max(CASE WHEN day > (SELECT newest FROM gold_tower_state) - 30 THEN max_latency_ms_max END) AS max_latency_ms_max_30d
    FROM gold_tower_state_extreme GROUP BY oss_tower_id
)
SELECT sums.oss_tower_id,
    sums.events_n AS "measurements",
    round(sums.avg_signal_dbm_sum::DOUBLE * 10 / nullif(sums.avg_signal_dbm_n, 0)) / 1e1 + 0.0 AS avg_signal_dbm,
    round(sums.avg_latency_ms_sum::DOUBLE * 10 / nullif(sums.avg_latency_ms_n, 0)) / 1e1 + 0.0 AS avg_latency_ms,
    round(round(sums.avg_packet_loss_pct_sum::DOUBLE * 1e6) / nullif(sums.avg_packet_loss_pct_n * 10000, 0)) / 1e2 + 0.0 AS avg_packet_loss_pct,
    sums.max_latency_ms_max AS max_latency_ms,
    coalesce(sums.events_n_7d, 0) AS measurements_7d,
    round(sums.avg_signal_dbm_sum_7d::DOUBLE * 10 / nullif(sums.avg_signal_dbm_n_7d, 0)) / 1e1 + 0.0 AS avg_signal_dbm_7d,
    round(sums.avg_latency_ms_sum_7d::DOUBLE * 10 / nullif(sums.avg_latency_ms_n_7d, 0)) / 1e1 + 0.0 AS avg_latency_ms_7d,
    round(round(sums.avg_packet_loss_pct_sum_7d::DOUBLE * 1e6) / nullif(sums.avg_packet_loss_pct_n_7d * 10000, 0)) / 1e2 + 0.0 AS avg_packet_loss_pct_7d,
    extremes.max_latency_ms_max_7d AS max_latency_ms_7d,
    coalesce(sums.events_n_30d, 0) AS measurements_30d,
    round(sums.avg_signal_dbm_sum_30d::DOUBLE * 10 / nullif(sums.avg_signal_dbm_n_30d, 0)) / 1e1 + 0.0 AS avg_signal_dbm_30d,
    round(sums.avg_latency_ms_sum_30d::DOUBLE * 10 / nullif(sums.avg_latency_ms_n_30d, 0)) / 1e1 + 0.0 AS avg_latency_ms_30d,
    round(round(sums.avg_packet_loss_pct_sum_30d::DOUBLE * 1e6) / nullif(sums.avg_packet_loss_pct_n_30d * 10000, 0)) / 1e2 + 0.0 AS avg_packet_loss_pct_30d,
    extremes.max_latency_ms_max_30d AS max_latency_ms_30d,
    {{upto}}::BIGINT AS refined_batch
FROM sums
LEFT JOIN extremes ON extremes.oss_tower_id = sums.oss_tower_id;
CREATE OR REPLACE TABLE gold_tower_features_fresh AS FROM gold_tower_features_base LIMIT 0;
CREATE OR REPLACE TABLE gold_tower_base AS SELECT uuid() AS base_id, uuid() AS features_id;
CREATE OR REPLACE VIEW gold_tower_features AS
SELECT * EXCLUDE (refined_batch) FROM gold_tower_features_base ANTI JOIN gold_tower_features_fresh USING (oss_tower_id)
UNION ALL SELECT * EXCLUDE (refined_batch) FROM gold_tower_features_fresh;
CREATE OR REPLACE VIEW gold_tower_labels AS SELECT unnest([]::VARCHAR[]) AS name;
COMMENT ON COLUMN gold_tower_features."measurements" IS 'Network measurements.';
COMMENT ON COLUMN gold_tower_features.measurements_7d IS 'Network measurements. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_tower_features.measurements_30d IS 'Network measurements. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_tower_features.avg_signal_dbm IS 'Mean signal strength in dBm.';
COMMENT ON COLUMN gold_tower_features.avg_signal_dbm_7d IS 'Mean signal strength in dBm. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_tower_features.avg_signal_dbm_30d IS 'Mean signal strength in dBm. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_tower_features.avg_latency_ms IS 'Mean round-trip time in milliseconds.';
COMMENT ON COLUMN gold_tower_features.avg_latency_ms_7d IS 'Mean round-trip time in milliseconds. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_tower_features.avg_latency_ms_30d IS 'Mean round-trip time in milliseconds. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_tower_features.avg_packet_loss_pct IS 'Mean packet loss in percent.';
COMMENT ON COLUMN gold_tower_features.avg_packet_loss_pct_7d IS 'Mean packet loss in percent. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_tower_features.avg_packet_loss_pct_30d IS 'Mean packet loss in percent. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_tower_features.max_latency_ms IS 'The longest round-trip time in milliseconds.';
COMMENT ON COLUMN gold_tower_features.max_latency_ms_7d IS 'The longest round-trip time in milliseconds. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_tower_features.max_latency_ms_30d IS 'The longest round-trip time in milliseconds. Over the last 30 UTC days up to the newest event.';
