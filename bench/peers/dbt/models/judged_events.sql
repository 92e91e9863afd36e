-- Each new event of Bronze, typed, with the first rule that it breaks. Silver and quarantine are views of it, so that an event is parsed and
-- written once.
{{ config(materialized='incremental') }}
WITH parsed AS (
    SELECT *, json_transform(raw_payload, '{"plan":"VARCHAR","data_used_mb":"INTEGER","bill_amount_zmw":"DECIMAL(18,2)","payment_status":"VARCHAR",
            "days_overdue":"INTEGER","tower_id":"VARCHAR","signal_dbm":"INTEGER","latency_ms":"INTEGER","packet_loss_pct":"DECIMAL(9,6)",
            "location":"VARCHAR","battery_pct":"INTEGER","connection_type":"VARCHAR"}') AS p,
        json_type(raw_payload, ['$.plan', '$.data_used_mb', '$.bill_amount_zmw', '$.payment_status', '$.days_overdue', '$.tower_id', '$.signal_dbm',
            '$.latency_ms', '$.packet_loss_pct', '$.location', '$.battery_pct', '$.connection_type']) AS types
    FROM {{ source('bronze', 'bronze_raw_events') }}
    {% if is_incremental() %} WHERE batch_id > (SELECT coalesce(max(batch_id), 0) FROM {{ this }}) {% endif %}
)
SELECT event_id, event_type, source_system, upper(subscriber_id) AS subscriber_id, event_timestamp::TIMESTAMP AS event_timestamp, quality_score,
    ingested_at::TIMESTAMP AS ingested_at, p.plan AS bss_plan, p.data_used_mb AS bss_data_used_mb, p.bill_amount_zmw AS bss_bill_zmw,
    p.payment_status AS bss_payment_status, p.days_overdue AS bss_days_overdue, p.tower_id AS oss_tower_id, p.signal_dbm AS oss_signal_dbm,
    p.latency_ms AS oss_latency_ms, p.packet_loss_pct AS oss_packet_loss_pct, p.location AS iot_location, p.battery_pct AS iot_battery_pct,
    p.connection_type AS iot_connection_type, kafka_topic, kafka_epoch, kafka_partition, kafka_offset,
    kafka_timestamp::TIMESTAMP AS kafka_timestamp, batch_id,
    CASE
        WHEN event_type NOT IN ('BSS', 'OSS', 'IoT') OR event_type IS NULL THEN 'unknown_type'
        WHEN subscriber_id IS NULL OR subscriber_id = '' THEN 'required:subscriber_id'
        WHEN event_timestamp IS NULL THEN 'required:timestamp'
        WHEN event_timestamp < TIMESTAMPTZ '2000-01-01 00:00:00+00' OR event_timestamp > kafka_timestamp + INTERVAL 1 DAY THEN 'implausible_time:timestamp'
        WHEN quality_score IS NULL THEN 'required:quality_score'
        WHEN quality_score NOT BETWEEN 0 AND 100 THEN 'range:quality_score'
        WHEN quality_score < 45 THEN 'low_quality:quality_score'
        WHEN event_type = 'BSS' THEN CASE
            WHEN types[1] IS DISTINCT FROM 'VARCHAR' THEN 'type:plan'
            WHEN types[2] NOT IN ('UBIGINT', 'BIGINT', 'VARCHAR') OR p.data_used_mb IS NULL THEN 'type:data_used_mb'
            WHEN p.data_used_mb NOT BETWEEN 0 AND 100000000 THEN 'range:data_used_mb'
            WHEN types[3] NOT IN ('UBIGINT', 'BIGINT', 'DOUBLE', 'VARCHAR') OR p.bill_amount_zmw IS NULL THEN 'type:bill_amount_zmw'
            WHEN p.bill_amount_zmw NOT BETWEEN 0 AND 10000000 THEN 'range:bill_amount_zmw'
            WHEN types[4] IS DISTINCT FROM 'VARCHAR' THEN 'type:payment_status'
            WHEN p.payment_status NOT IN ('paid', 'overdue', 'pending') THEN 'payment_status:payment_status'
            WHEN types[5] NOT IN ('UBIGINT', 'BIGINT', 'VARCHAR') OR p.days_overdue IS NULL THEN 'type:days_overdue'
            WHEN p.days_overdue NOT BETWEEN 0 AND 10000 THEN 'range:days_overdue' END
        WHEN event_type = 'OSS' THEN CASE
            WHEN types[6] IS DISTINCT FROM 'VARCHAR' THEN 'type:tower_id'
            WHEN types[7] NOT IN ('UBIGINT', 'BIGINT', 'VARCHAR') OR p.signal_dbm IS NULL THEN 'type:signal_dbm'
            WHEN p.signal_dbm NOT BETWEEN -150 AND 0 THEN 'range:signal_dbm'
            WHEN types[8] NOT IN ('UBIGINT', 'BIGINT', 'VARCHAR') OR p.latency_ms IS NULL THEN 'type:latency_ms'
            WHEN p.latency_ms NOT BETWEEN 0 AND 60000 THEN 'range:latency_ms'
            WHEN types[9] NOT IN ('UBIGINT', 'BIGINT', 'DOUBLE', 'VARCHAR') OR p.packet_loss_pct IS NULL THEN 'type:packet_loss_pct'
            WHEN p.packet_loss_pct NOT BETWEEN 0 AND 100 THEN 'range:packet_loss_pct' END
        ELSE CASE
            WHEN types[10] IS DISTINCT FROM 'VARCHAR' THEN 'type:location'
            WHEN types[11] NOT IN ('UBIGINT', 'BIGINT', 'VARCHAR') OR p.battery_pct IS NULL THEN 'type:battery_pct'
            WHEN p.battery_pct NOT BETWEEN 0 AND 100 THEN 'range:battery_pct'
            WHEN types[12] IS DISTINCT FROM 'VARCHAR' THEN 'type:connection_type' END
    END AS violation,
    if(violation IS NULL, NULL, raw_payload) AS raw_payload
FROM parsed
