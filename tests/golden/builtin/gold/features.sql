CREATE OR REPLACE TABLE gold_features_base AS
WITH sums AS (
    SELECT subscriber_id,
        sum(events_n)::BIGINT AS events_n,
        sum(bss_events_n)::BIGINT AS bss_events_n,
        sum(oss_events_n)::BIGINT AS oss_events_n,
        sum(iot_events_n)::BIGINT AS iot_events_n,
        sum(avg_signal_dbm_sum)::BIGINT AS avg_signal_dbm_sum,
        sum(avg_signal_dbm_n)::BIGINT AS avg_signal_dbm_n,
        sum(avg_latency_ms_sum)::BIGINT AS avg_latency_ms_sum,
        sum(avg_latency_ms_n)::BIGINT AS avg_latency_ms_n,
        sum(avg_packet_loss_pct_sum)::DECIMAL(18,6) AS avg_packet_loss_pct_sum,
        sum(avg_packet_loss_pct_n)::BIGINT AS avg_packet_loss_pct_n,
        sum(avg_bill_zmw_sum)::DECIMAL(18,2) AS avg_bill_zmw_sum,
        sum(avg_bill_zmw_n)::BIGINT AS avg_bill_zmw_n,
        sum(avg_data_used_mb_sum)::BIGINT AS avg_data_used_mb_sum,
        sum(avg_data_used_mb_n)::BIGINT AS avg_data_used_mb_n,
        max(max_days_overdue_max) AS max_days_overdue_max,
        sum(overdue_count_n)::BIGINT AS overdue_count_n,
        sum(avg_battery_pct_sum)::BIGINT AS avg_battery_pct_sum,
        sum(avg_battery_pct_n)::BIGINT AS avg_battery_pct_n,
        sum(avg_quality_score_sum)::BIGINT AS avg_quality_score_sum,
        sum(avg_quality_score_n)::BIGINT AS avg_quality_score_n,
        sum(CASE WHEN band >= 2 THEN events_n END)::BIGINT AS events_n_7d,
        sum(CASE WHEN band >= 1 THEN events_n END)::BIGINT AS events_n_30d,
        sum(CASE WHEN band >= 2 THEN bss_events_n END)::BIGINT AS bss_events_n_7d,
        sum(CASE WHEN band >= 1 THEN bss_events_n END)::BIGINT AS bss_events_n_30d,
        sum(CASE WHEN band >= 2 THEN oss_events_n END)::BIGINT AS oss_events_n_7d,
        sum(CASE WHEN band >= 1 THEN oss_events_n END)::BIGINT AS oss_events_n_30d,
        sum(CASE WHEN band >= 2 THEN iot_events_n END)::BIGINT AS iot_events_n_7d,
        sum(CASE WHEN band >= 1 THEN iot_events_n END)::BIGINT AS iot_events_n_30d,
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
        sum(CASE WHEN band >= 1 THEN avg_packet_loss_pct_n END)::BIGINT AS avg_packet_loss_pct_n_30d,
        sum(CASE WHEN band >= 2 THEN avg_bill_zmw_sum END)::DECIMAL(18,2) AS avg_bill_zmw_sum_7d,
        sum(CASE WHEN band >= 1 THEN avg_bill_zmw_sum END)::DECIMAL(18,2) AS avg_bill_zmw_sum_30d,
        sum(CASE WHEN band >= 2 THEN avg_bill_zmw_n END)::BIGINT AS avg_bill_zmw_n_7d,
        sum(CASE WHEN band >= 1 THEN avg_bill_zmw_n END)::BIGINT AS avg_bill_zmw_n_30d,
        sum(CASE WHEN band >= 2 THEN avg_data_used_mb_sum END)::BIGINT AS avg_data_used_mb_sum_7d,
        sum(CASE WHEN band >= 1 THEN avg_data_used_mb_sum END)::BIGINT AS avg_data_used_mb_sum_30d,
        sum(CASE WHEN band >= 2 THEN avg_data_used_mb_n END)::BIGINT AS avg_data_used_mb_n_7d,
        sum(CASE WHEN band >= 1 THEN avg_data_used_mb_n END)::BIGINT AS avg_data_used_mb_n_30d,
        sum(CASE WHEN band >= 2 THEN overdue_count_n END)::BIGINT AS overdue_count_n_7d,
        sum(CASE WHEN band >= 1 THEN overdue_count_n END)::BIGINT AS overdue_count_n_30d,
        sum(CASE WHEN band >= 2 THEN avg_battery_pct_sum END)::BIGINT AS avg_battery_pct_sum_7d,
        sum(CASE WHEN band >= 1 THEN avg_battery_pct_sum END)::BIGINT AS avg_battery_pct_sum_30d,
        sum(CASE WHEN band >= 2 THEN avg_battery_pct_n END)::BIGINT AS avg_battery_pct_n_7d,
        sum(CASE WHEN band >= 1 THEN avg_battery_pct_n END)::BIGINT AS avg_battery_pct_n_30d,
        sum(CASE WHEN band >= 2 THEN avg_quality_score_sum END)::BIGINT AS avg_quality_score_sum_7d,
        sum(CASE WHEN band >= 1 THEN avg_quality_score_sum END)::BIGINT AS avg_quality_score_sum_30d,
        sum(CASE WHEN band >= 2 THEN avg_quality_score_n END)::BIGINT AS avg_quality_score_n_7d,
        sum(CASE WHEN band >= 1 THEN avg_quality_score_n END)::BIGINT AS avg_quality_score_n_30d
    FROM gold_state_sums GROUP BY subscriber_id HAVING sum(events_n) >= 2
), extremes AS (
    SELECT subscriber_id,
        max(CASE WHEN day > (SELECT newest FROM gold_state) - 7 THEN max_days_overdue_max END) AS max_days_overdue_max_7d,
        max(CASE WHEN day > (SELECT newest FROM gold_state) - 30 THEN max_days_overdue_max END) AS max_days_overdue_max_30d
    FROM gold_state_extreme GROUP BY subscriber_id
)
SELECT sums.subscriber_id,
    sums.events_n AS total_events,
    sums.bss_events_n AS bss_events,
    sums.oss_events_n AS oss_events,
    sums.iot_events_n AS iot_events,
    round(sums.avg_signal_dbm_sum::DOUBLE * 10 / nullif(sums.avg_signal_dbm_n, 0)) / 1e1 + 0.0 AS avg_signal_dbm,
    round(sums.avg_latency_ms_sum::DOUBLE * 10 / nullif(sums.avg_latency_ms_n, 0)) / 1e1 + 0.0 AS avg_latency_ms,
    round(round(sums.avg_packet_loss_pct_sum::DOUBLE * 1e6) / nullif(sums.avg_packet_loss_pct_n * 10000, 0)) / 1e2 + 0.0 AS avg_packet_loss_pct,
    round(round(sums.avg_bill_zmw_sum::DOUBLE * 1e2) / nullif(sums.avg_bill_zmw_n, 0)) / 1e2 + 0.0 AS avg_bill_zmw,
    round(sums.avg_data_used_mb_sum::DOUBLE / nullif(sums.avg_data_used_mb_n, 0)) / 1e0 + 0.0 AS avg_data_used_mb,
    sums.max_days_overdue_max AS max_days_overdue,
    sums.overdue_count_n AS overdue_count,
    round(sums.avg_battery_pct_sum::DOUBLE * 10 / nullif(sums.avg_battery_pct_n, 0)) / 1e1 + 0.0 AS avg_battery_pct,
    round(sums.avg_quality_score_sum::DOUBLE * 10 / nullif(sums.avg_quality_score_n, 0)) / 1e1 + 0.0 AS avg_quality_score,
    CASE WHEN (sums.max_days_overdue_max > 30) OR (sums.avg_signal_dbm_n > 0 AND sums.avg_signal_dbm_sum < -90 * sums.avg_signal_dbm_n) OR (sums.avg_latency_ms_n > 0 AND sums.avg_latency_ms_sum > 150 * sums.avg_latency_ms_n) THEN 1 ELSE 0 END AS churn_label,
    coalesce(sums.events_n_7d, 0) AS total_events_7d,
    coalesce(sums.bss_events_n_7d, 0) AS bss_events_7d,
    coalesce(sums.oss_events_n_7d, 0) AS oss_events_7d,
    coalesce(sums.iot_events_n_7d, 0) AS iot_events_7d,
    round(sums.avg_signal_dbm_sum_7d::DOUBLE * 10 / nullif(sums.avg_signal_dbm_n_7d, 0)) / 1e1 + 0.0 AS avg_signal_dbm_7d,
    round(sums.avg_latency_ms_sum_7d::DOUBLE * 10 / nullif(sums.avg_latency_ms_n_7d, 0)) / 1e1 + 0.0 AS avg_latency_ms_7d,
    round(round(sums.avg_packet_loss_pct_sum_7d::DOUBLE * 1e6) / nullif(sums.avg_packet_loss_pct_n_7d * 10000, 0)) / 1e2 + 0.0 AS avg_packet_loss_pct_7d,
    round(round(sums.avg_bill_zmw_sum_7d::DOUBLE * 1e2) / nullif(sums.avg_bill_zmw_n_7d, 0)) / 1e2 + 0.0 AS avg_bill_zmw_7d,
    round(sums.avg_data_used_mb_sum_7d::DOUBLE / nullif(sums.avg_data_used_mb_n_7d, 0)) / 1e0 + 0.0 AS avg_data_used_mb_7d,
    extremes.max_days_overdue_max_7d AS max_days_overdue_7d,
    coalesce(sums.overdue_count_n_7d, 0) AS overdue_count_7d,
    round(sums.avg_battery_pct_sum_7d::DOUBLE * 10 / nullif(sums.avg_battery_pct_n_7d, 0)) / 1e1 + 0.0 AS avg_battery_pct_7d,
    round(sums.avg_quality_score_sum_7d::DOUBLE * 10 / nullif(sums.avg_quality_score_n_7d, 0)) / 1e1 + 0.0 AS avg_quality_score_7d,
    coalesce(sums.events_n_30d, 0) AS total_events_30d,
    coalesce(sums.bss_events_n_30d, 0) AS bss_events_30d,
    coalesce(sums.oss_events_n_30d, 0) AS oss_events_30d,
    coalesce(sums.iot_events_n_30d, 0) AS iot_events_30d,
    round(sums.avg_signal_dbm_sum_30d::DOUBLE * 10 / nullif(sums.avg_signal_dbm_n_30d, 0)) / 1e1 + 0.0 AS avg_signal_dbm_30d,
    round(sums.avg_latency_ms_sum_30d::DOUBLE * 10 / nullif(sums.avg_latency_ms_n_30d, 0)) / 1e1 + 0.0 AS avg_latency_ms_30d,
    round(round(sums.avg_packet_loss_pct_sum_30d::DOUBLE * 1e6) / nullif(sums.avg_packet_loss_pct_n_30d * 10000, 0)) / 1e2 + 0.0 AS avg_packet_loss_pct_30d,
    round(round(sums.avg_bill_zmw_sum_30d::DOUBLE * 1e2) / nullif(sums.avg_bill_zmw_n_30d, 0)) / 1e2 + 0.0 AS avg_bill_zmw_30d,
    round(sums.avg_data_used_mb_sum_30d::DOUBLE / nullif(sums.avg_data_used_mb_n_30d, 0)) / 1e0 + 0.0 AS avg_data_used_mb_30d,
    extremes.max_days_overdue_max_30d AS max_days_overdue_30d,
    coalesce(sums.overdue_count_n_30d, 0) AS overdue_count_30d,
    round(sums.avg_battery_pct_sum_30d::DOUBLE * 10 / nullif(sums.avg_battery_pct_n_30d, 0)) / 1e1 + 0.0 AS avg_battery_pct_30d,
    round(sums.avg_quality_score_sum_30d::DOUBLE * 10 / nullif(sums.avg_quality_score_n_30d, 0)) / 1e1 + 0.0 AS avg_quality_score_30d,
    {{upto}}::BIGINT AS refined_batch
FROM sums
LEFT JOIN extremes ON extremes.subscriber_id = sums.subscriber_id;
CREATE OR REPLACE TABLE gold_features_fresh AS FROM gold_features_base LIMIT 0;
CREATE OR REPLACE TABLE gold_base AS SELECT uuid() AS base_id, uuid() AS features_id;
CREATE OR REPLACE VIEW gold_subscriber_features AS
SELECT * EXCLUDE (refined_batch) FROM gold_features_base ANTI JOIN gold_features_fresh USING (subscriber_id)
UNION ALL SELECT * EXCLUDE (refined_batch) FROM gold_features_fresh;
CREATE OR REPLACE VIEW gold_labels AS SELECT unnest(['churn_label']::VARCHAR[]) AS name;
COMMENT ON COLUMN gold_subscriber_features.total_events IS 'Events in Silver.';
COMMENT ON COLUMN gold_subscriber_features.total_events_7d IS 'Events in Silver. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.total_events_30d IS 'Events in Silver. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.bss_events IS 'Billing events.';
COMMENT ON COLUMN gold_subscriber_features.bss_events_7d IS 'Billing events. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.bss_events_30d IS 'Billing events. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.oss_events IS 'Network measurements.';
COMMENT ON COLUMN gold_subscriber_features.oss_events_7d IS 'Network measurements. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.oss_events_30d IS 'Network measurements. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.iot_events IS 'Device reports.';
COMMENT ON COLUMN gold_subscriber_features.iot_events_7d IS 'Device reports. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.iot_events_30d IS 'Device reports. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.avg_signal_dbm IS 'Mean signal strength in dBm.';
COMMENT ON COLUMN gold_subscriber_features.avg_signal_dbm_7d IS 'Mean signal strength in dBm. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.avg_signal_dbm_30d IS 'Mean signal strength in dBm. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.avg_latency_ms IS 'Mean round-trip time in milliseconds.';
COMMENT ON COLUMN gold_subscriber_features.avg_latency_ms_7d IS 'Mean round-trip time in milliseconds. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.avg_latency_ms_30d IS 'Mean round-trip time in milliseconds. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.avg_packet_loss_pct IS 'Mean packet loss in percent.';
COMMENT ON COLUMN gold_subscriber_features.avg_packet_loss_pct_7d IS 'Mean packet loss in percent. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.avg_packet_loss_pct_30d IS 'Mean packet loss in percent. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.avg_bill_zmw IS 'Mean bill in kwacha.';
COMMENT ON COLUMN gold_subscriber_features.avg_bill_zmw_7d IS 'Mean bill in kwacha. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.avg_bill_zmw_30d IS 'Mean bill in kwacha. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.avg_data_used_mb IS 'Mean data use of a billing event in megabytes.';
COMMENT ON COLUMN gold_subscriber_features.avg_data_used_mb_7d IS 'Mean data use of a billing event in megabytes. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.avg_data_used_mb_30d IS 'Mean data use of a billing event in megabytes. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.max_days_overdue IS 'The longest that a bill was overdue, in days.';
COMMENT ON COLUMN gold_subscriber_features.max_days_overdue_7d IS 'The longest that a bill was overdue, in days. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.max_days_overdue_30d IS 'The longest that a bill was overdue, in days. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.overdue_count IS 'Billing events with an overdue payment.';
COMMENT ON COLUMN gold_subscriber_features.overdue_count_7d IS 'Billing events with an overdue payment. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.overdue_count_30d IS 'Billing events with an overdue payment. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.avg_battery_pct IS 'Mean battery charge in percent.';
COMMENT ON COLUMN gold_subscriber_features.avg_battery_pct_7d IS 'Mean battery charge in percent. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.avg_battery_pct_30d IS 'Mean battery charge in percent. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.avg_quality_score IS 'Mean quality score of the subscriber''s events.';
COMMENT ON COLUMN gold_subscriber_features.avg_quality_score_7d IS 'Mean quality score of the subscriber''s events. Over the last 7 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.avg_quality_score_30d IS 'Mean quality score of the subscriber''s events. Over the last 30 UTC days up to the newest event.';
COMMENT ON COLUMN gold_subscriber_features.churn_label IS 'The rule of thumb for churn risk. It is a function of the features, so a model trained on it looks perfect.';
