CREATE OR REPLACE TEMP TABLE refine_left_over AS
SELECT * FROM bronze_raw_events
ANTI JOIN (SELECT kafka_offset, kafka_partition, kafka_epoch, kafka_topic FROM silver_clean_events
    WHERE batch_id > {{after}} AND batch_id <= {{upto}}) USING (kafka_offset, kafka_partition, kafka_epoch, kafka_topic)
WHERE batch_id > {{after}} AND batch_id <= {{upto}} AND rowid >= {{first}} AND rowid <= {{last}};
CREATE OR REPLACE TEMP TABLE refine_suspects AS
SELECT * EXCLUDE (object, _raw),
        list_filter([
            CASE
                WHEN subscriber_id IS NULL THEN {'rule': 'required', 'field': 'subscriber_id', 'value': NULL, 'reason': 'is missing'}
                WHEN NOT (length(subscriber_id) >= 1) THEN {'rule': 'length', 'field': 'subscriber_id', 'value': left(subscriber_id::VARCHAR, 200), 'reason': 'must have at least 1 character'}
            END,
            CASE
                WHEN event_timestamp IS NULL THEN {'rule': 'required', 'field': 'timestamp', 'value': NULL, 'reason': 'is missing'}
                WHEN NOT (event_timestamp >= make_timestamp(946684800000000)) THEN {'rule': 'implausible_time', 'field': 'timestamp', 'value': left(event_timestamp::VARCHAR, 200), 'reason': 'must be at least 2000-01-01T00:00:00Z'}
                WHEN NOT (epoch_us(event_timestamp) <= epoch_us(coalesce(kafka_timestamp, ingested_at)) + 86400000000) THEN {'rule': 'implausible_time', 'field': 'timestamp', 'value': left(event_timestamp::VARCHAR, 200), 'reason': 'must be at most 24 hours after the message'}
            END,
            CASE
                WHEN quality_score IS NULL THEN {'rule': 'required', 'field': 'quality_score', 'value': NULL, 'reason': 'is missing'}
                WHEN NOT (quality_score >= 0) THEN {'rule': 'range', 'field': 'quality_score', 'value': left(quality_score::VARCHAR, 200), 'reason': 'must be at least 0'}
                WHEN NOT (quality_score <= 100) THEN {'rule': 'range', 'field': 'quality_score', 'value': left(quality_score::VARCHAR, 200), 'reason': 'must be at most 100'}
                WHEN NOT (quality_score >= 45) THEN {'rule': 'low_quality', 'field': 'quality_score', 'value': left(quality_score::VARCHAR, 200), 'reason': 'must be at least 45'}
            END,
            CASE
                WHEN raw_payload IS NULL THEN {'rule': 'required', 'field': 'payload', 'value': NULL, 'reason': 'is missing'}
                WHEN object IS NULL THEN {'rule': 'type', 'field': 'payload', 'value': left(raw_payload::VARCHAR, 200), 'reason': 'must be a JSON object'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k0 IS NULL OR _k0 = 'NULL') THEN {'rule': 'required', 'field': 'plan', 'value': NULL, 'reason': 'is missing'}
                WHEN bss_plan IS NULL THEN {'rule': 'type', 'field': 'plan', 'value': left(_x0, 200), 'reason': 'must be a text, not ' || CASE _k0 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k1 IS NULL OR _k1 = 'NULL') THEN {'rule': 'required', 'field': 'data_used_mb', 'value': NULL, 'reason': 'is missing'}
                WHEN bss_data_used_mb IS NULL AND regexp_full_match(_x1, '-?(0|[1-9][0-9]*)') THEN {'rule': 'range', 'field': 'data_used_mb', 'value': left(_x1, 200), 'reason': 'does not fit INTEGER'}
                WHEN bss_data_used_mb IS NULL AND _k1 = 'DOUBLE' THEN {'rule': 'type', 'field': 'data_used_mb', 'value': left(_x1, 200), 'reason': 'must be an integer, not a number with decimals or an exponent'}
                WHEN bss_data_used_mb IS NULL THEN {'rule': 'type', 'field': 'data_used_mb', 'value': left(_x1, 200), 'reason': 'must be an integer, not ' || CASE _k1 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
                WHEN NOT (bss_data_used_mb >= 0) THEN {'rule': 'range', 'field': 'data_used_mb', 'value': left(_x1, 200), 'reason': 'must be at least 0'}
                WHEN NOT (bss_data_used_mb <= 100000000) THEN {'rule': 'range', 'field': 'data_used_mb', 'value': left(_x1, 200), 'reason': 'must be at most 100000000'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k2 IS NULL OR _k2 = 'NULL') THEN {'rule': 'required', 'field': 'bill_amount_zmw', 'value': NULL, 'reason': 'is missing'}
                WHEN bss_bill_zmw IS NULL AND regexp_full_match(_x2, '-?(0|[1-9][0-9]*)([.][0-9]{1,2}0*)?') THEN {'rule': 'range', 'field': 'bill_amount_zmw', 'value': left(_x2, 200), 'reason': 'does not fit DECIMAL(18,2)'}
                WHEN bss_bill_zmw IS NULL AND (regexp_full_match(_x2, '-?(0|[1-9][0-9]*)([.][0-9]+)?') OR (_k2 = 'DOUBLE' AND abs(TRY_CAST(_x2 AS DOUBLE)) < 1e15)) THEN {'rule': 'scale', 'field': 'bill_amount_zmw', 'value': left(_x2, 200), 'reason': 'must have at most 2 decimals'}
                WHEN bss_bill_zmw IS NULL THEN {'rule': 'type', 'field': 'bill_amount_zmw', 'value': left(_x2, 200), 'reason': 'must be a number, not ' || CASE _k2 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
                WHEN NOT (bss_bill_zmw >= 0) THEN {'rule': 'range', 'field': 'bill_amount_zmw', 'value': left(_x2, 200), 'reason': 'must be at least 0'}
                WHEN NOT (bss_bill_zmw <= 10000000) THEN {'rule': 'range', 'field': 'bill_amount_zmw', 'value': left(_x2, 200), 'reason': 'must be at most 10000000'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k3 IS NULL OR _k3 = 'NULL') THEN {'rule': 'required', 'field': 'payment_status', 'value': NULL, 'reason': 'is missing'}
                WHEN bss_payment_status IS NULL THEN {'rule': 'type', 'field': 'payment_status', 'value': left(_x3, 200), 'reason': 'must be a text, not ' || CASE _k3 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
                WHEN NOT (bss_payment_status IN ('paid', 'overdue', 'pending')) THEN {'rule': 'payment_status', 'field': 'payment_status', 'value': left(_x3, 200), 'reason': 'must be one of paid, overdue, pending'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k4 IS NULL OR _k4 = 'NULL') THEN {'rule': 'required', 'field': 'days_overdue', 'value': NULL, 'reason': 'is missing'}
                WHEN bss_days_overdue IS NULL AND regexp_full_match(_x4, '-?(0|[1-9][0-9]*)') THEN {'rule': 'range', 'field': 'days_overdue', 'value': left(_x4, 200), 'reason': 'does not fit INTEGER'}
                WHEN bss_days_overdue IS NULL AND _k4 = 'DOUBLE' THEN {'rule': 'type', 'field': 'days_overdue', 'value': left(_x4, 200), 'reason': 'must be an integer, not a number with decimals or an exponent'}
                WHEN bss_days_overdue IS NULL THEN {'rule': 'type', 'field': 'days_overdue', 'value': left(_x4, 200), 'reason': 'must be an integer, not ' || CASE _k4 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
                WHEN NOT (bss_days_overdue >= 0) THEN {'rule': 'range', 'field': 'days_overdue', 'value': left(_x4, 200), 'reason': 'must be at least 0'}
                WHEN NOT (bss_days_overdue <= 10000) THEN {'rule': 'range', 'field': 'days_overdue', 'value': left(_x4, 200), 'reason': 'must be at most 10000'}
            END
        ], lambda v: v IS NOT NULL) AS violations,
        list_concat(
            list_transform(list_filter(list_zip(json_keys(object), json_extract(object, '$.*')), lambda m: m[1] NOT IN ('plan', 'data_used_mb', 'bill_amount_zmw', 'payment_status', 'days_overdue')), lambda m: {'field': m[1], 'kind': 'unknown_field', 'value': left(m[2]::VARCHAR, 200)}),
            list_transform(list_zip(json_keys(extra_fields), json_extract(extra_fields, '$.*')), lambda m: {'field': m[1], 'kind': 'unknown_envelope_field', 'value': left(m[2]::VARCHAR, 200)}),
            list_filter([CASE WHEN _k1 = 'VARCHAR' AND bss_data_used_mb IS NOT NULL THEN {'field': 'data_used_mb', 'kind': 'number_as_text', 'value': left(_x1, 200)} END, CASE WHEN _k2 = 'VARCHAR' AND bss_bill_zmw IS NOT NULL THEN {'field': 'bill_amount_zmw', 'kind': 'number_as_text', 'value': left(_x2, 200)} END, CASE WHEN _k4 = 'VARCHAR' AND bss_days_overdue IS NOT NULL THEN {'field': 'days_overdue', 'kind': 'number_as_text', 'value': left(_x4, 200)} END], lambda d: d IS NOT NULL)) AS drift
FROM (
    SELECT *,
        CASE WHEN _k0 = 'VARCHAR' THEN _x0 END AS bss_plan,
        CASE WHEN regexp_full_match(_x1, '-?(0|[1-9][0-9]*)') THEN TRY_CAST(_x1 AS INTEGER) END AS bss_data_used_mb,
        CASE WHEN regexp_full_match(_x2, '-?(0|[1-9][0-9]*)([.][0-9]{1,2}0*)?') THEN TRY_CAST(_x2 AS DECIMAL(18,2)) END AS bss_bill_zmw,
        CASE WHEN _k3 = 'VARCHAR' THEN _x3 END AS bss_payment_status,
        CASE WHEN regexp_full_match(_x4, '-?(0|[1-9][0-9]*)') THEN TRY_CAST(_x4 AS INTEGER) END AS bss_days_overdue
    FROM (
        SELECT *,
            json_type(_raw[1]) AS _k0, json_extract_string(_raw[1], '$') AS _x0,
            json_type(_raw[2]) AS _k1, json_extract_string(_raw[2], '$') AS _x1,
            json_type(_raw[3]) AS _k2, json_extract_string(_raw[3], '$') AS _x2,
            json_type(_raw[4]) AS _k3, json_extract_string(_raw[4], '$') AS _x3,
            json_type(_raw[5]) AS _k4, json_extract_string(_raw[5], '$') AS _x4
        FROM (
            SELECT *, json_extract(object, ['$."plan"', '$."data_used_mb"', '$."bill_amount_zmw"', '$."payment_status"', '$."days_overdue"']) AS _raw
            FROM (SELECT event_id, event_type, source_system, upper(subscriber_id) AS subscriber_id, make_timestamp(epoch_us(event_timestamp)) AS event_timestamp, quality_score, make_timestamp(epoch_us(ingested_at)) AS ingested_at, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, make_timestamp(epoch_us(kafka_timestamp)) AS kafka_timestamp, batch_id, raw_payload, extra_fields,
                CASE WHEN TRY(json_type(raw_payload)) = 'OBJECT' THEN raw_payload END AS object
                FROM refine_left_over WHERE event_type = 'BSS'))))
UNION ALL BY NAME
SELECT * EXCLUDE (object, _raw),
        list_filter([
            CASE
                WHEN subscriber_id IS NULL THEN {'rule': 'required', 'field': 'subscriber_id', 'value': NULL, 'reason': 'is missing'}
                WHEN NOT (length(subscriber_id) >= 1) THEN {'rule': 'length', 'field': 'subscriber_id', 'value': left(subscriber_id::VARCHAR, 200), 'reason': 'must have at least 1 character'}
            END,
            CASE
                WHEN event_timestamp IS NULL THEN {'rule': 'required', 'field': 'timestamp', 'value': NULL, 'reason': 'is missing'}
                WHEN NOT (event_timestamp >= make_timestamp(946684800000000)) THEN {'rule': 'implausible_time', 'field': 'timestamp', 'value': left(event_timestamp::VARCHAR, 200), 'reason': 'must be at least 2000-01-01T00:00:00Z'}
                WHEN NOT (epoch_us(event_timestamp) <= epoch_us(coalesce(kafka_timestamp, ingested_at)) + 86400000000) THEN {'rule': 'implausible_time', 'field': 'timestamp', 'value': left(event_timestamp::VARCHAR, 200), 'reason': 'must be at most 24 hours after the message'}
            END,
            CASE
                WHEN quality_score IS NULL THEN {'rule': 'required', 'field': 'quality_score', 'value': NULL, 'reason': 'is missing'}
                WHEN NOT (quality_score >= 0) THEN {'rule': 'range', 'field': 'quality_score', 'value': left(quality_score::VARCHAR, 200), 'reason': 'must be at least 0'}
                WHEN NOT (quality_score <= 100) THEN {'rule': 'range', 'field': 'quality_score', 'value': left(quality_score::VARCHAR, 200), 'reason': 'must be at most 100'}
                WHEN NOT (quality_score >= 45) THEN {'rule': 'low_quality', 'field': 'quality_score', 'value': left(quality_score::VARCHAR, 200), 'reason': 'must be at least 45'}
            END,
            CASE
                WHEN raw_payload IS NULL THEN {'rule': 'required', 'field': 'payload', 'value': NULL, 'reason': 'is missing'}
                WHEN object IS NULL THEN {'rule': 'type', 'field': 'payload', 'value': left(raw_payload::VARCHAR, 200), 'reason': 'must be a JSON object'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k0 IS NULL OR _k0 = 'NULL') THEN {'rule': 'required', 'field': 'tower_id', 'value': NULL, 'reason': 'is missing'}
                WHEN oss_tower_id IS NULL THEN {'rule': 'type', 'field': 'tower_id', 'value': left(_x0, 200), 'reason': 'must be a text, not ' || CASE _k0 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k1 IS NULL OR _k1 = 'NULL') THEN {'rule': 'required', 'field': 'signal_dbm', 'value': NULL, 'reason': 'is missing'}
                WHEN oss_signal_dbm IS NULL AND regexp_full_match(_x1, '-?(0|[1-9][0-9]*)') THEN {'rule': 'range', 'field': 'signal_dbm', 'value': left(_x1, 200), 'reason': 'does not fit INTEGER'}
                WHEN oss_signal_dbm IS NULL AND _k1 = 'DOUBLE' THEN {'rule': 'type', 'field': 'signal_dbm', 'value': left(_x1, 200), 'reason': 'must be an integer, not a number with decimals or an exponent'}
                WHEN oss_signal_dbm IS NULL THEN {'rule': 'type', 'field': 'signal_dbm', 'value': left(_x1, 200), 'reason': 'must be an integer, not ' || CASE _k1 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
                WHEN NOT (oss_signal_dbm >= -150) THEN {'rule': 'range', 'field': 'signal_dbm', 'value': left(_x1, 200), 'reason': 'must be at least -150'}
                WHEN NOT (oss_signal_dbm <= 0) THEN {'rule': 'range', 'field': 'signal_dbm', 'value': left(_x1, 200), 'reason': 'must be at most 0'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k2 IS NULL OR _k2 = 'NULL') THEN {'rule': 'required', 'field': 'latency_ms', 'value': NULL, 'reason': 'is missing'}
                WHEN oss_latency_ms IS NULL AND regexp_full_match(_x2, '-?(0|[1-9][0-9]*)') THEN {'rule': 'range', 'field': 'latency_ms', 'value': left(_x2, 200), 'reason': 'does not fit INTEGER'}
                WHEN oss_latency_ms IS NULL AND _k2 = 'DOUBLE' THEN {'rule': 'type', 'field': 'latency_ms', 'value': left(_x2, 200), 'reason': 'must be an integer, not a number with decimals or an exponent'}
                WHEN oss_latency_ms IS NULL THEN {'rule': 'type', 'field': 'latency_ms', 'value': left(_x2, 200), 'reason': 'must be an integer, not ' || CASE _k2 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
                WHEN NOT (oss_latency_ms >= 0) THEN {'rule': 'range', 'field': 'latency_ms', 'value': left(_x2, 200), 'reason': 'must be at least 0'}
                WHEN NOT (oss_latency_ms <= 60000) THEN {'rule': 'range', 'field': 'latency_ms', 'value': left(_x2, 200), 'reason': 'must be at most 60000'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k3 IS NULL OR _k3 = 'NULL') THEN {'rule': 'required', 'field': 'packet_loss_pct', 'value': NULL, 'reason': 'is missing'}
                WHEN oss_packet_loss_pct IS NULL AND regexp_full_match(_x3, '-?(0|[1-9][0-9]*)([.][0-9]{1,6}0*)?') THEN {'rule': 'range', 'field': 'packet_loss_pct', 'value': left(_x3, 200), 'reason': 'does not fit DECIMAL(9,6)'}
                WHEN oss_packet_loss_pct IS NULL AND (regexp_full_match(_x3, '-?(0|[1-9][0-9]*)([.][0-9]+)?') OR (_k3 = 'DOUBLE' AND abs(TRY_CAST(_x3 AS DOUBLE)) < 1e15)) THEN {'rule': 'scale', 'field': 'packet_loss_pct', 'value': left(_x3, 200), 'reason': 'must have at most 6 decimals'}
                WHEN oss_packet_loss_pct IS NULL THEN {'rule': 'type', 'field': 'packet_loss_pct', 'value': left(_x3, 200), 'reason': 'must be a number, not ' || CASE _k3 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
                WHEN NOT (oss_packet_loss_pct >= 0) THEN {'rule': 'range', 'field': 'packet_loss_pct', 'value': left(_x3, 200), 'reason': 'must be at least 0'}
                WHEN NOT (oss_packet_loss_pct <= 100) THEN {'rule': 'range', 'field': 'packet_loss_pct', 'value': left(_x3, 200), 'reason': 'must be at most 100'}
            END
        ], lambda v: v IS NOT NULL) AS violations,
        list_concat(
            list_transform(list_filter(list_zip(json_keys(object), json_extract(object, '$.*')), lambda m: m[1] NOT IN ('tower_id', 'signal_dbm', 'latency_ms', 'packet_loss_pct')), lambda m: {'field': m[1], 'kind': 'unknown_field', 'value': left(m[2]::VARCHAR, 200)}),
            list_transform(list_zip(json_keys(extra_fields), json_extract(extra_fields, '$.*')), lambda m: {'field': m[1], 'kind': 'unknown_envelope_field', 'value': left(m[2]::VARCHAR, 200)}),
            list_filter([CASE WHEN _k1 = 'VARCHAR' AND oss_signal_dbm IS NOT NULL THEN {'field': 'signal_dbm', 'kind': 'number_as_text', 'value': left(_x1, 200)} END, CASE WHEN _k2 = 'VARCHAR' AND oss_latency_ms IS NOT NULL THEN {'field': 'latency_ms', 'kind': 'number_as_text', 'value': left(_x2, 200)} END, CASE WHEN _k3 = 'VARCHAR' AND oss_packet_loss_pct IS NOT NULL THEN {'field': 'packet_loss_pct', 'kind': 'number_as_text', 'value': left(_x3, 200)} END], lambda d: d IS NOT NULL)) AS drift
FROM (
    SELECT *,
        CASE WHEN _k0 = 'VARCHAR' THEN _x0 END AS oss_tower_id,
        CASE WHEN regexp_full_match(_x1, '-?(0|[1-9][0-9]*)') THEN TRY_CAST(_x1 AS INTEGER) END AS oss_signal_dbm,
        CASE WHEN regexp_full_match(_x2, '-?(0|[1-9][0-9]*)') THEN TRY_CAST(_x2 AS INTEGER) END AS oss_latency_ms,
        CASE WHEN regexp_full_match(_x3, '-?(0|[1-9][0-9]*)([.][0-9]{1,6}0*)?') THEN TRY_CAST(_x3 AS DECIMAL(9,6)) END AS oss_packet_loss_pct
    FROM (
        SELECT *,
            json_type(_raw[1]) AS _k0, json_extract_string(_raw[1], '$') AS _x0,
            json_type(_raw[2]) AS _k1, json_extract_string(_raw[2], '$') AS _x1,
            json_type(_raw[3]) AS _k2, json_extract_string(_raw[3], '$') AS _x2,
            json_type(_raw[4]) AS _k3, json_extract_string(_raw[4], '$') AS _x3
        FROM (
            SELECT *, json_extract(object, ['$."tower_id"', '$."signal_dbm"', '$."latency_ms"', '$."packet_loss_pct"']) AS _raw
            FROM (SELECT event_id, event_type, source_system, upper(subscriber_id) AS subscriber_id, make_timestamp(epoch_us(event_timestamp)) AS event_timestamp, quality_score, make_timestamp(epoch_us(ingested_at)) AS ingested_at, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, make_timestamp(epoch_us(kafka_timestamp)) AS kafka_timestamp, batch_id, raw_payload, extra_fields,
                CASE WHEN TRY(json_type(raw_payload)) = 'OBJECT' THEN raw_payload END AS object
                FROM refine_left_over WHERE event_type = 'OSS'))))
UNION ALL BY NAME
SELECT * EXCLUDE (object, _raw),
        list_filter([
            CASE
                WHEN subscriber_id IS NULL THEN {'rule': 'required', 'field': 'subscriber_id', 'value': NULL, 'reason': 'is missing'}
                WHEN NOT (length(subscriber_id) >= 1) THEN {'rule': 'length', 'field': 'subscriber_id', 'value': left(subscriber_id::VARCHAR, 200), 'reason': 'must have at least 1 character'}
            END,
            CASE
                WHEN event_timestamp IS NULL THEN {'rule': 'required', 'field': 'timestamp', 'value': NULL, 'reason': 'is missing'}
                WHEN NOT (event_timestamp >= make_timestamp(946684800000000)) THEN {'rule': 'implausible_time', 'field': 'timestamp', 'value': left(event_timestamp::VARCHAR, 200), 'reason': 'must be at least 2000-01-01T00:00:00Z'}
                WHEN NOT (epoch_us(event_timestamp) <= epoch_us(coalesce(kafka_timestamp, ingested_at)) + 86400000000) THEN {'rule': 'implausible_time', 'field': 'timestamp', 'value': left(event_timestamp::VARCHAR, 200), 'reason': 'must be at most 24 hours after the message'}
            END,
            CASE
                WHEN quality_score IS NULL THEN {'rule': 'required', 'field': 'quality_score', 'value': NULL, 'reason': 'is missing'}
                WHEN NOT (quality_score >= 0) THEN {'rule': 'range', 'field': 'quality_score', 'value': left(quality_score::VARCHAR, 200), 'reason': 'must be at least 0'}
                WHEN NOT (quality_score <= 100) THEN {'rule': 'range', 'field': 'quality_score', 'value': left(quality_score::VARCHAR, 200), 'reason': 'must be at most 100'}
                WHEN NOT (quality_score >= 45) THEN {'rule': 'low_quality', 'field': 'quality_score', 'value': left(quality_score::VARCHAR, 200), 'reason': 'must be at least 45'}
            END,
            CASE
                WHEN raw_payload IS NULL THEN {'rule': 'required', 'field': 'payload', 'value': NULL, 'reason': 'is missing'}
                WHEN object IS NULL THEN {'rule': 'type', 'field': 'payload', 'value': left(raw_payload::VARCHAR, 200), 'reason': 'must be a JSON object'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k0 IS NULL OR _k0 = 'NULL') THEN {'rule': 'required', 'field': 'location', 'value': NULL, 'reason': 'is missing'}
                WHEN iot_location IS NULL THEN {'rule': 'type', 'field': 'location', 'value': left(_x0, 200), 'reason': 'must be a text, not ' || CASE _k0 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k1 IS NULL OR _k1 = 'NULL') THEN {'rule': 'required', 'field': 'battery_pct', 'value': NULL, 'reason': 'is missing'}
                WHEN iot_battery_pct IS NULL AND regexp_full_match(_x1, '-?(0|[1-9][0-9]*)') THEN {'rule': 'range', 'field': 'battery_pct', 'value': left(_x1, 200), 'reason': 'does not fit INTEGER'}
                WHEN iot_battery_pct IS NULL AND _k1 = 'DOUBLE' THEN {'rule': 'type', 'field': 'battery_pct', 'value': left(_x1, 200), 'reason': 'must be an integer, not a number with decimals or an exponent'}
                WHEN iot_battery_pct IS NULL THEN {'rule': 'type', 'field': 'battery_pct', 'value': left(_x1, 200), 'reason': 'must be an integer, not ' || CASE _k1 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
                WHEN NOT (iot_battery_pct >= 0) THEN {'rule': 'range', 'field': 'battery_pct', 'value': left(_x1, 200), 'reason': 'must be at least 0'}
                WHEN NOT (iot_battery_pct <= 100) THEN {'rule': 'range', 'field': 'battery_pct', 'value': left(_x1, 200), 'reason': 'must be at most 100'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k2 IS NULL OR _k2 = 'NULL') THEN {'rule': 'required', 'field': 'connection_type', 'value': NULL, 'reason': 'is missing'}
                WHEN iot_connection_type IS NULL THEN {'rule': 'type', 'field': 'connection_type', 'value': left(_x2, 200), 'reason': 'must be a text, not ' || CASE _k2 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
            END
        ], lambda v: v IS NOT NULL) AS violations,
        list_concat(
            list_transform(list_filter(list_zip(json_keys(object), json_extract(object, '$.*')), lambda m: m[1] NOT IN ('location', 'battery_pct', 'connection_type')), lambda m: {'field': m[1], 'kind': 'unknown_field', 'value': left(m[2]::VARCHAR, 200)}),
            list_transform(list_zip(json_keys(extra_fields), json_extract(extra_fields, '$.*')), lambda m: {'field': m[1], 'kind': 'unknown_envelope_field', 'value': left(m[2]::VARCHAR, 200)}),
            list_filter([CASE WHEN _k1 = 'VARCHAR' AND iot_battery_pct IS NOT NULL THEN {'field': 'battery_pct', 'kind': 'number_as_text', 'value': left(_x1, 200)} END], lambda d: d IS NOT NULL)) AS drift
FROM (
    SELECT *,
        CASE WHEN _k0 = 'VARCHAR' THEN _x0 END AS iot_location,
        CASE WHEN regexp_full_match(_x1, '-?(0|[1-9][0-9]*)') THEN TRY_CAST(_x1 AS INTEGER) END AS iot_battery_pct,
        CASE WHEN _k2 = 'VARCHAR' THEN _x2 END AS iot_connection_type
    FROM (
        SELECT *,
            json_type(_raw[1]) AS _k0, json_extract_string(_raw[1], '$') AS _x0,
            json_type(_raw[2]) AS _k1, json_extract_string(_raw[2], '$') AS _x1,
            json_type(_raw[3]) AS _k2, json_extract_string(_raw[3], '$') AS _x2
        FROM (
            SELECT *, json_extract(object, ['$."location"', '$."battery_pct"', '$."connection_type"']) AS _raw
            FROM (SELECT event_id, event_type, source_system, upper(subscriber_id) AS subscriber_id, make_timestamp(epoch_us(event_timestamp)) AS event_timestamp, quality_score, make_timestamp(epoch_us(ingested_at)) AS ingested_at, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, make_timestamp(epoch_us(kafka_timestamp)) AS kafka_timestamp, batch_id, raw_payload, extra_fields,
                CASE WHEN TRY(json_type(raw_payload)) = 'OBJECT' THEN raw_payload END AS object
                FROM refine_left_over WHERE event_type = 'IoT'))))
UNION ALL BY NAME
SELECT event_id, event_type, source_system, subscriber_id, make_timestamp(epoch_us(event_timestamp)) AS event_timestamp, quality_score, make_timestamp(epoch_us(ingested_at)) AS ingested_at, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, make_timestamp(epoch_us(kafka_timestamp)) AS kafka_timestamp, batch_id, raw_payload, extra_fields,
    [{'rule': 'unknown_type', 'field': 'type', 'value': left(event_type, 200), 'reason': 'no contract has this event type'}] AS violations
FROM refine_left_over WHERE coalesce(event_type NOT IN ('BSS', 'OSS', 'IoT'), true);
