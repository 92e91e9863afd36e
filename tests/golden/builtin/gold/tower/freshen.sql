CREATE OR REPLACE TEMP TABLE refine_sums AS FROM gold_tower_state_sums WHERE oss_tower_id IN (SELECT oss_tower_id FROM refine_partials);
CREATE OR REPLACE TEMP TABLE refine_extremes AS FROM gold_tower_state_extreme WHERE oss_tower_id IN (SELECT oss_tower_id FROM refine_partials);
DELETE FROM gold_tower_features_fresh WHERE oss_tower_id IN (SELECT oss_tower_id FROM refine_partials);
INSERT INTO gold_tower_features_fresh BY NAME
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
    FROM refine_sums GROUP BY oss_tower_id HAVING sum(events_n) >= 1
), extremes AS (
    SELECT oss_tower_id,
        max(CASE WHEN day > (SELECT newest FROM gold_tower_state) - 7 THEN max_latency_ms_max END) AS max_latency_ms_max_7d,
        max(CASE WHEN day > (SELECT newest FROM gold_tower_state) - 30 THEN max_latency_ms_max END) AS max_latency_ms_max_30d
    FROM refine_extremes GROUP BY oss_tower_id
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
