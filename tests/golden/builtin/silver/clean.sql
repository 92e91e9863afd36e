INSERT INTO silver_clean_events (event_id, event_type, source_system, subscriber_id, event_timestamp, quality_score, ingested_at, bss_plan, bss_data_used_mb, bss_bill_zmw, bss_payment_status, bss_days_overdue, oss_tower_id, oss_signal_dbm, oss_latency_ms, oss_packet_loss_pct, iot_location, iot_battery_pct, iot_connection_type, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, batch_id)
SELECT event_id, event_type, source_system, subscriber_id, event_timestamp, quality_score, ingested_at, bss_plan, bss_data_used_mb, bss_bill_zmw, bss_payment_status, bss_days_overdue, NULL::VARCHAR, NULL::INTEGER, NULL::INTEGER, NULL::DECIMAL(9,6), NULL::VARCHAR, NULL::INTEGER, NULL::VARCHAR, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, batch_id
FROM (
    SELECT *, random() >= 0 AND extra_fields IS NULL
            AND subscriber_id IS NOT NULL AND length(subscriber_id) >= 1
            AND event_timestamp IS NOT NULL AND event_timestamp >= make_timestamp(946684800000000) AND epoch_us(event_timestamp) <= epoch_us(coalesce(kafka_timestamp, ingested_at)) + 86400000000
            AND quality_score IS NOT NULL AND quality_score >= 0 AND quality_score <= 100 AND quality_score >= 45
            AND bss_plan IS NOT NULL
            AND bss_data_used_mb IS NOT NULL AND bss_data_used_mb >= 0 AND bss_data_used_mb <= 100000000
            AND bss_bill_zmw IS NOT NULL AND bss_bill_zmw >= 0 AND bss_bill_zmw <= 10000000
            AND (bss_bill_zmw::DOUBLE = payload."bill_amount_zmw") AND coalesce(abs(payload."bill_amount_zmw") < 1e15, true)
            AND bss_payment_status IS NOT NULL AND bss_payment_status IN ('paid', 'overdue', 'pending')
            AND bss_days_overdue IS NOT NULL AND bss_days_overdue >= 0 AND bss_days_overdue <= 10000
            AND CASE WHEN to_json(payload) = raw_payload THEN true ELSE TRY(regexp_full_match(json_type(raw_payload, ['$."plan"', '$."data_used_mb"', '$."bill_amount_zmw"', '$."payment_status"', '$."days_overdue"'])::VARCHAR, '\[VARCHAR, U?BIGINT, (?:DOUBLE|U?BIGINT), VARCHAR, U?BIGINT\]') AND list_has_all(['plan', 'data_used_mb', 'bill_amount_zmw', 'payment_status', 'days_overdue'], json_keys(raw_payload))) END AS clean
    FROM (
        SELECT event_id, event_type, source_system, upper(subscriber_id) AS subscriber_id, make_timestamp(epoch_us(event_timestamp)) AS event_timestamp, quality_score, make_timestamp(epoch_us(ingested_at)) AS ingested_at, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, make_timestamp(epoch_us(kafka_timestamp)) AS kafka_timestamp, batch_id, raw_payload, extra_fields, payload,
            payload."plan" AS bss_plan,
            payload."data_used_mb" AS bss_data_used_mb,
            TRY_CAST(payload."bill_amount_zmw" AS DECIMAL(18,2)) AS bss_bill_zmw,
            payload."payment_status" AS bss_payment_status,
            payload."days_overdue" AS bss_days_overdue
        FROM (
            SELECT *, TRY(from_json(raw_payload, '{"plan":"VARCHAR","data_used_mb":"INTEGER","bill_amount_zmw":"DOUBLE","payment_status":"VARCHAR","days_overdue":"INTEGER"}')) AS payload FROM bronze_raw_events
            WHERE batch_id > {{after}} AND batch_id <= {{upto}} AND rowid >= {{first}} AND rowid <= {{last}} AND event_type = 'BSS')))
WHERE clean
UNION ALL
SELECT event_id, event_type, source_system, subscriber_id, event_timestamp, quality_score, ingested_at, NULL::VARCHAR, NULL::INTEGER, NULL::DECIMAL(18,2), NULL::VARCHAR, NULL::INTEGER, oss_tower_id, oss_signal_dbm, oss_latency_ms, oss_packet_loss_pct, NULL::VARCHAR, NULL::INTEGER, NULL::VARCHAR, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, batch_id
FROM (
    SELECT *, random() >= 0 AND extra_fields IS NULL
            AND subscriber_id IS NOT NULL AND length(subscriber_id) >= 1
            AND event_timestamp IS NOT NULL AND event_timestamp >= make_timestamp(946684800000000) AND epoch_us(event_timestamp) <= epoch_us(coalesce(kafka_timestamp, ingested_at)) + 86400000000
            AND quality_score IS NOT NULL AND quality_score >= 0 AND quality_score <= 100 AND quality_score >= 45
            AND oss_tower_id IS NOT NULL
            AND oss_signal_dbm IS NOT NULL AND oss_signal_dbm >= -150 AND oss_signal_dbm <= 0
            AND oss_latency_ms IS NOT NULL AND oss_latency_ms >= 0 AND oss_latency_ms <= 60000
            AND oss_packet_loss_pct IS NOT NULL AND oss_packet_loss_pct >= 0 AND oss_packet_loss_pct <= 100
            AND (oss_packet_loss_pct::DOUBLE = payload."packet_loss_pct")
            AND CASE WHEN to_json(payload) = raw_payload THEN true ELSE TRY(regexp_full_match(json_type(raw_payload, ['$."tower_id"', '$."signal_dbm"', '$."latency_ms"', '$."packet_loss_pct"'])::VARCHAR, '\[VARCHAR, U?BIGINT, U?BIGINT, (?:DOUBLE|U?BIGINT)\]') AND list_has_all(['tower_id', 'signal_dbm', 'latency_ms', 'packet_loss_pct'], json_keys(raw_payload))) END AS clean
    FROM (
        SELECT event_id, event_type, source_system, upper(subscriber_id) AS subscriber_id, make_timestamp(epoch_us(event_timestamp)) AS event_timestamp, quality_score, make_timestamp(epoch_us(ingested_at)) AS ingested_at, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, make_timestamp(epoch_us(kafka_timestamp)) AS kafka_timestamp, batch_id, raw_payload, extra_fields, payload,
            payload."tower_id" AS oss_tower_id,
            payload."signal_dbm" AS oss_signal_dbm,
            payload."latency_ms" AS oss_latency_ms,
            TRY_CAST(payload."packet_loss_pct" AS DECIMAL(9,6)) AS oss_packet_loss_pct
        FROM (
            SELECT *, TRY(from_json(raw_payload, '{"tower_id":"VARCHAR","signal_dbm":"INTEGER","latency_ms":"INTEGER","packet_loss_pct":"DOUBLE"}')) AS payload FROM bronze_raw_events
            WHERE batch_id > {{after}} AND batch_id <= {{upto}} AND rowid >= {{first}} AND rowid <= {{last}} AND event_type = 'OSS')))
WHERE clean
UNION ALL
SELECT event_id, event_type, source_system, subscriber_id, event_timestamp, quality_score, ingested_at, NULL::VARCHAR, NULL::INTEGER, NULL::DECIMAL(18,2), NULL::VARCHAR, NULL::INTEGER, NULL::VARCHAR, NULL::INTEGER, NULL::INTEGER, NULL::DECIMAL(9,6), iot_location, iot_battery_pct, iot_connection_type, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, batch_id
FROM (
    SELECT *, random() >= 0 AND extra_fields IS NULL
            AND subscriber_id IS NOT NULL AND length(subscriber_id) >= 1
            AND event_timestamp IS NOT NULL AND event_timestamp >= make_timestamp(946684800000000) AND epoch_us(event_timestamp) <= epoch_us(coalesce(kafka_timestamp, ingested_at)) + 86400000000
            AND quality_score IS NOT NULL AND quality_score >= 0 AND quality_score <= 100 AND quality_score >= 45
            AND iot_location IS NOT NULL
            AND iot_battery_pct IS NOT NULL AND iot_battery_pct >= 0 AND iot_battery_pct <= 100
            AND iot_connection_type IS NOT NULL
            AND CASE WHEN to_json(payload) = raw_payload THEN true ELSE TRY(regexp_full_match(json_type(raw_payload, ['$."location"', '$."battery_pct"', '$."connection_type"'])::VARCHAR, '\[VARCHAR, U?BIGINT, VARCHAR\]') AND list_has_all(['location', 'battery_pct', 'connection_type'], json_keys(raw_payload))) END AS clean
    FROM (
        SELECT event_id, event_type, source_system, upper(subscriber_id) AS subscriber_id, make_timestamp(epoch_us(event_timestamp)) AS event_timestamp, quality_score, make_timestamp(epoch_us(ingested_at)) AS ingested_at, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, make_timestamp(epoch_us(kafka_timestamp)) AS kafka_timestamp, batch_id, raw_payload, extra_fields, payload,
            payload."location" AS iot_location,
            payload."battery_pct" AS iot_battery_pct,
            payload."connection_type" AS iot_connection_type
        FROM (
            SELECT *, TRY(from_json(raw_payload, '{"location":"VARCHAR","battery_pct":"INTEGER","connection_type":"VARCHAR"}')) AS payload FROM bronze_raw_events
            WHERE batch_id > {{after}} AND batch_id <= {{upto}} AND rowid >= {{first}} AND rowid <= {{last}} AND event_type = 'IoT')))
WHERE clean
