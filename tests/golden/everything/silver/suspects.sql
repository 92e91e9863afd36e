CREATE OR REPLACE TEMP TABLE refine_left_over AS
SELECT * FROM bronze_raw_events
ANTI JOIN (SELECT kafka_offset, kafka_partition, kafka_epoch, kafka_topic FROM silver_clean_events_rebuild
    WHERE batch_id > {{after}} AND batch_id <= {{upto}}) USING (kafka_offset, kafka_partition, kafka_epoch, kafka_topic)
WHERE batch_id > {{after}} AND batch_id <= {{upto}} AND rowid >= {{first}} AND rowid <= {{last}};
CREATE OR REPLACE TEMP TABLE refine_suspects AS
SELECT * EXCLUDE (object, _raw),
        list_filter([
            CASE
                WHEN subscriber_id IS NULL THEN {'rule': 'required', 'field': 'subscriber_id', 'value': NULL, 'reason': 'is missing'}
                WHEN NOT (regexp_matches(subscriber_id, '^S')) THEN {'rule': 'pattern', 'field': 'subscriber_id', 'value': left(subscriber_id::VARCHAR, 200), 'reason': 'must match ^S'}
            END,
            CASE
                WHEN event_timestamp IS NULL THEN {'rule': 'required', 'field': 'timestamp', 'value': NULL, 'reason': 'is missing'}
                WHEN NOT (event_timestamp < make_timestamp(4102444800000000)) THEN {'rule': 'range', 'field': 'timestamp', 'value': left(event_timestamp::VARCHAR, 200), 'reason': 'must be below 2100-01-01'}
            END,
            CASE
                WHEN quality_score IS NULL THEN {'rule': 'required', 'field': 'quality_score', 'value': NULL, 'reason': 'is missing'}
            END,
            CASE
                WHEN raw_payload IS NULL THEN {'rule': 'required', 'field': 'payload', 'value': NULL, 'reason': 'is missing'}
                WHEN object IS NULL THEN {'rule': 'type', 'field': 'payload', 'value': left(raw_payload::VARCHAR, 200), 'reason': 'must be a JSON object'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k0 IS NULL OR _k0 = 'NULL') THEN {'rule': 'required', 'field': 'kind', 'value': NULL, 'reason': 'is missing'}
                WHEN "kind" IS NULL THEN {'rule': 'type', 'field': 'kind', 'value': left(_x0, 200), 'reason': 'must be a text, not ' || CASE _k0 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
                WHEN NOT (length("kind") >= 2) THEN {'rule': 'length', 'field': 'kind', 'value': left(_x0, 200), 'reason': 'must have at least 2 characters'}
                WHEN NOT (length("kind") <= 5) THEN {'rule': 'length', 'field': 'kind', 'value': left(_x0, 200), 'reason': 'must have at most 5 characters'}
                WHEN NOT (regexp_matches("kind", '^[a-z]+$')) THEN {'rule': 'pattern', 'field': 'kind', 'value': left(_x0, 200), 'reason': 'must match ^[a-z]+$'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k1 IS NULL OR _k1 = 'NULL') THEN NULL
                WHEN "note" IS NULL THEN {'rule': 'type', 'field': 'note', 'value': left(_x1, 200), 'reason': 'must be a text, not ' || CASE _k1 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k2 IS NULL OR _k2 = 'NULL') THEN {'rule': 'required', 'field': 'reading kWh', 'value': NULL, 'reason': 'is missing'}
                WHEN reading_kwh IS NULL AND regexp_full_match(_x2, '-?(0|[1-9][0-9]*)([.][0-9]{1,3}0*)?') THEN {'rule': 'range', 'field': 'reading kWh', 'value': left(_x2, 200), 'reason': 'does not fit DECIMAL(9,3)'}
                WHEN reading_kwh IS NULL AND (regexp_full_match(_x2, '-?(0|[1-9][0-9]*)([.][0-9]+)?') OR (_k2 = 'DOUBLE' AND abs(TRY_CAST(_x2 AS DOUBLE)) < 1e15)) THEN {'rule': 'scale', 'field': 'reading kWh', 'value': left(_x2, 200), 'reason': 'must have at most 3 decimals'}
                WHEN reading_kwh IS NULL THEN {'rule': 'type', 'field': 'reading kWh', 'value': left(_x2, 200), 'reason': 'must be a number, not ' || CASE _k2 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
                WHEN NOT (reading_kwh > 0) THEN {'rule': 'range', 'field': 'reading kWh', 'value': left(_x2, 200), 'reason': 'must be above 0'}
                WHEN NOT (reading_kwh < 100000) THEN {'rule': 'range', 'field': 'reading kWh', 'value': left(_x2, 200), 'reason': 'must be below 100000'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k3 IS NULL OR _k3 = 'NULL') THEN NULL
                WHEN "tariff" IS NULL AND regexp_full_match(_x3, '-?(0|[1-9][0-9]*)([.]0+)?') THEN {'rule': 'range', 'field': 'tariff', 'value': left(_x3, 200), 'reason': 'does not fit DECIMAL(18,0)'}
                WHEN "tariff" IS NULL AND (regexp_full_match(_x3, '-?(0|[1-9][0-9]*)([.][0-9]+)?') OR (_k3 = 'DOUBLE' AND abs(TRY_CAST(_x3 AS DOUBLE)) < 1e15)) THEN {'rule': 'scale', 'field': 'tariff', 'value': left(_x3, 200), 'reason': 'must have at most 0 decimals'}
                WHEN "tariff" IS NULL THEN {'rule': 'type', 'field': 'tariff', 'value': left(_x3, 200), 'reason': 'must be a number, not ' || CASE _k3 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
                WHEN NOT ("tariff" >= 0) THEN {'rule': 'range', 'field': 'tariff', 'value': left(_x3, 200), 'reason': 'must be at least 0'}
                WHEN NOT ("tariff" <= 1000) THEN {'rule': 'range', 'field': 'tariff', 'value': left(_x3, 200), 'reason': 'must be at most 1000'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k4 IS NULL OR _k4 = 'NULL') THEN NULL
                WHEN huge_number IS NULL AND regexp_full_match(_x4, '-?(0|[1-9][0-9]*)([.][0-9]{1,2}0*)?') THEN {'rule': 'range', 'field': 'huge', 'value': left(_x4, 200), 'reason': 'does not fit DECIMAL(18,2)'}
                WHEN huge_number IS NULL AND (regexp_full_match(_x4, '-?(0|[1-9][0-9]*)([.][0-9]+)?') OR (_k4 = 'DOUBLE' AND abs(TRY_CAST(_x4 AS DOUBLE)) < 1e15)) THEN {'rule': 'scale', 'field': 'huge', 'value': left(_x4, 200), 'reason': 'must have at most 2 decimals'}
                WHEN huge_number IS NULL THEN {'rule': 'type', 'field': 'huge', 'value': left(_x4, 200), 'reason': 'must be a number, not ' || CASE _k4 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k5 IS NULL OR _k5 = 'NULL') THEN {'rule': 'required', 'field': 'phase', 'value': NULL, 'reason': 'is missing'}
                WHEN phase_number IS NULL AND regexp_full_match(_x5, '-?(0|[1-9][0-9]*)') THEN {'rule': 'range', 'field': 'phase', 'value': left(_x5, 200), 'reason': 'does not fit TINYINT'}
                WHEN phase_number IS NULL AND _k5 = 'DOUBLE' THEN {'rule': 'type', 'field': 'phase', 'value': left(_x5, 200), 'reason': 'must be an integer, not a number with decimals or an exponent'}
                WHEN phase_number IS NULL THEN {'rule': 'type', 'field': 'phase', 'value': left(_x5, 200), 'reason': 'must be an integer, not ' || CASE _k5 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
                WHEN NOT (phase_number IN (1, 2, 3)) THEN {'rule': 'known_phase', 'field': 'phase', 'value': left(_x5, 200), 'reason': 'must be one of 1, 2, 3'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k6 IS NULL OR _k6 = 'NULL') THEN NULL
                WHEN serial_number IS NULL AND regexp_full_match(_x6, '-?(0|[1-9][0-9]*)') THEN {'rule': 'range', 'field': 'serial', 'value': left(_x6, 200), 'reason': 'does not fit BIGINT'}
                WHEN serial_number IS NULL AND _k6 = 'DOUBLE' THEN {'rule': 'type', 'field': 'serial', 'value': left(_x6, 200), 'reason': 'must be an integer, not a number with decimals or an exponent'}
                WHEN serial_number IS NULL THEN {'rule': 'type', 'field': 'serial', 'value': left(_x6, 200), 'reason': 'must be an integer, not ' || CASE _k6 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k7 IS NULL OR _k7 = 'NULL') THEN NULL
                WHEN level_number IS NULL AND regexp_full_match(_x7, '-?(0|[1-9][0-9]*)') THEN {'rule': 'range', 'field': 'level', 'value': left(_x7, 200), 'reason': 'does not fit SMALLINT'}
                WHEN level_number IS NULL AND _k7 = 'DOUBLE' THEN {'rule': 'type', 'field': 'level', 'value': left(_x7, 200), 'reason': 'must be an integer, not a number with decimals or an exponent'}
                WHEN level_number IS NULL THEN {'rule': 'type', 'field': 'level', 'value': left(_x7, 200), 'reason': 'must be an integer, not ' || CASE _k7 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
                WHEN NOT (level_number >= -5) THEN {'rule': 'range', 'field': 'level', 'value': left(_x7, 200), 'reason': 'must be at least -5'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k8 IS NULL OR _k8 = 'NULL') THEN {'rule': 'required', 'field': 'on', 'value': NULL, 'reason': 'is missing'}
                WHEN is_on IS NULL THEN {'rule': 'type', 'field': 'on', 'value': left(_x8, 200), 'reason': 'must be a boolean, not ' || CASE _k8 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k9 IS NULL OR _k9 = 'NULL') THEN NULL
                WHEN is_standby IS NULL THEN {'rule': 'type', 'field': 'standby', 'value': left(_x9, 200), 'reason': 'must be a boolean, not ' || CASE _k9 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k10 IS NULL OR _k10 = 'NULL') THEN {'rule': 'required', 'field': 'installed', 'value': NULL, 'reason': 'is missing'}
                WHEN installed_on IS NULL THEN {'rule': 'type', 'field': 'installed', 'value': left(_x10, 200), 'reason': 'must be a date, not ' || CASE _k10 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
                WHEN NOT (installed_on >= make_timestamp(946684800000000)::DATE) THEN {'rule': 'range', 'field': 'installed', 'value': left(_x10, 200), 'reason': 'must be at least 2000-01-01'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k11 IS NULL OR _k11 = 'NULL') THEN NULL
                WHEN removed_on IS NULL THEN {'rule': 'type', 'field': 'removed', 'value': left(_x11, 200), 'reason': 'must be a date, not ' || CASE _k11 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k12 IS NULL OR _k12 = 'NULL') THEN {'rule': 'required', 'field': 'read_at', 'value': NULL, 'reason': 'is missing'}
                WHEN read_at IS NULL THEN {'rule': 'type', 'field': 'read_at', 'value': left(_x12, 200), 'reason': 'must be a timestamp, not ' || CASE _k12 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
                WHEN NOT (epoch_us(read_at) <= epoch_us(coalesce(kafka_timestamp, ingested_at)) + 43200000000) THEN {'rule': 'from_the_future', 'field': 'read_at', 'value': left(_x12, 200), 'reason': 'must be at most 12 hours after the message'}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k13 IS NULL OR _k13 = 'NULL') THEN NULL
                WHEN checked_at IS NULL THEN {'rule': 'type', 'field': 'checked_at', 'value': left(_x13, 200), 'reason': 'must be a timestamp, not ' || CASE _k13 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k14 IS NULL OR _k14 = 'NULL') THEN {'rule': 'required', 'field': 'place', 'value': NULL, 'reason': 'is missing'}
                WHEN place_json IS NULL THEN {'rule': 'type', 'field': 'place', 'value': left(_x14, 200), 'reason': 'must be an object, not ' || CASE _k14 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
            END,
            CASE
                WHEN object IS NULL THEN NULL
                WHEN object IS NOT NULL AND (_k15 IS NULL OR _k15 = 'NULL') THEN NULL
                WHEN tag_list IS NULL THEN {'rule': 'type', 'field': 'tags', 'value': left(_x15, 200), 'reason': 'must be a list, not ' || CASE _k15 WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' ELSE 'a number' END}
            END
        ], lambda v: v IS NOT NULL) AS violations,
        list_concat(
            list_transform(list_filter(list_zip(json_keys(object), json_extract(object, '$.*')), lambda m: m[1] NOT IN ('kind', 'note', 'reading kWh', 'tariff', 'huge', 'phase', 'serial', 'level', 'on', 'standby', 'installed', 'removed', 'read_at', 'checked_at', 'place', 'tags')), lambda m: {'field': m[1], 'kind': 'unknown_field', 'value': left(m[2]::VARCHAR, 200)}),
            list_transform(list_zip(json_keys(extra_fields), json_extract(extra_fields, '$.*')), lambda m: {'field': m[1], 'kind': 'unknown_envelope_field', 'value': left(m[2]::VARCHAR, 200)}),
            list_filter([CASE WHEN _k2 = 'VARCHAR' AND reading_kwh IS NOT NULL THEN {'field': 'reading kWh', 'kind': 'number_as_text', 'value': left(_x2, 200)} END, CASE WHEN _k3 = 'VARCHAR' AND "tariff" IS NOT NULL THEN {'field': 'tariff', 'kind': 'number_as_text', 'value': left(_x3, 200)} END, CASE WHEN _k4 = 'VARCHAR' AND huge_number IS NOT NULL THEN {'field': 'huge', 'kind': 'number_as_text', 'value': left(_x4, 200)} END, CASE WHEN _k5 = 'VARCHAR' AND phase_number IS NOT NULL THEN {'field': 'phase', 'kind': 'number_as_text', 'value': left(_x5, 200)} END, CASE WHEN _k6 = 'VARCHAR' AND serial_number IS NOT NULL THEN {'field': 'serial', 'kind': 'number_as_text', 'value': left(_x6, 200)} END, CASE WHEN _k7 = 'VARCHAR' AND level_number IS NOT NULL THEN {'field': 'level', 'kind': 'number_as_text', 'value': left(_x7, 200)} END], lambda d: d IS NOT NULL)) AS drift
FROM (
    SELECT *,
        CASE WHEN _k0 = 'VARCHAR' THEN _x0 END AS "kind",
        CASE WHEN _k1 = 'VARCHAR' THEN _x1 END AS "note",
        CASE WHEN regexp_full_match(_x2, '-?(0|[1-9][0-9]*)([.][0-9]{1,3}0*)?') THEN TRY_CAST(_x2 AS DECIMAL(9,3)) END AS reading_kwh,
        CASE WHEN regexp_full_match(_x3, '-?(0|[1-9][0-9]*)([.]0+)?') THEN TRY_CAST(_x3 AS DECIMAL(18,0)) END AS "tariff",
        CASE WHEN regexp_full_match(_x4, '-?(0|[1-9][0-9]*)([.][0-9]{1,2}0*)?') THEN TRY_CAST(_x4 AS DECIMAL(18,2)) END AS huge_number,
        CASE WHEN regexp_full_match(_x5, '-?(0|[1-9][0-9]*)') THEN TRY_CAST(_x5 AS TINYINT) END AS phase_number,
        CASE WHEN regexp_full_match(_x6, '-?(0|[1-9][0-9]*)') THEN TRY_CAST(_x6 AS BIGINT) END AS serial_number,
        CASE WHEN regexp_full_match(_x7, '-?(0|[1-9][0-9]*)') THEN TRY_CAST(_x7 AS SMALLINT) END AS level_number,
        CASE WHEN _k8 = 'BOOLEAN' THEN _x8 = 'true' END AS is_on,
        CASE WHEN _k9 = 'BOOLEAN' THEN _x9 = 'true' END AS is_standby,
        CASE WHEN regexp_full_match(_x10, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN TRY_CAST(_x10 AS DATE) END AS installed_on,
        CASE WHEN regexp_full_match(_x11, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN TRY_CAST(_x11 AS DATE) END AS removed_on,
        make_timestamp(epoch_us(CASE WHEN regexp_full_match(_x12, '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?') THEN TRY_CAST(_x12 AS TIMESTAMPTZ) END)) AS read_at,
        make_timestamp(epoch_us(CASE WHEN regexp_full_match(_x13, '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?') THEN TRY_CAST(_x13 AS TIMESTAMPTZ) END)) AS checked_at,
        CASE WHEN _k14 = 'OBJECT' THEN _raw[15] END AS place_json,
        CASE WHEN _k15 = 'ARRAY' THEN _raw[16] END AS tag_list
    FROM (
        SELECT *,
            json_type(_raw[1]) AS _k0, json_extract_string(_raw[1], '$') AS _x0,
            json_type(_raw[2]) AS _k1, json_extract_string(_raw[2], '$') AS _x1,
            json_type(_raw[3]) AS _k2, json_extract_string(_raw[3], '$') AS _x2,
            json_type(_raw[4]) AS _k3, json_extract_string(_raw[4], '$') AS _x3,
            json_type(_raw[5]) AS _k4, json_extract_string(_raw[5], '$') AS _x4,
            json_type(_raw[6]) AS _k5, json_extract_string(_raw[6], '$') AS _x5,
            json_type(_raw[7]) AS _k6, json_extract_string(_raw[7], '$') AS _x6,
            json_type(_raw[8]) AS _k7, json_extract_string(_raw[8], '$') AS _x7,
            json_type(_raw[9]) AS _k8, json_extract_string(_raw[9], '$') AS _x8,
            json_type(_raw[10]) AS _k9, json_extract_string(_raw[10], '$') AS _x9,
            json_type(_raw[11]) AS _k10, json_extract_string(_raw[11], '$') AS _x10,
            json_type(_raw[12]) AS _k11, json_extract_string(_raw[12], '$') AS _x11,
            json_type(_raw[13]) AS _k12, json_extract_string(_raw[13], '$') AS _x12,
            json_type(_raw[14]) AS _k13, json_extract_string(_raw[14], '$') AS _x13,
            json_type(_raw[15]) AS _k14, json_extract_string(_raw[15], '$') AS _x14,
            json_type(_raw[16]) AS _k15, json_extract_string(_raw[16], '$') AS _x15
        FROM (
            SELECT *, json_extract(object, ['$."kind"', '$."note"', '$."reading kWh"', '$."tariff"', '$."huge"', '$."phase"', '$."serial"', '$."level"', '$."on"', '$."standby"', '$."installed"', '$."removed"', '$."read_at"', '$."checked_at"', '$."place"', '$."tags"']) AS _raw
            FROM (SELECT event_id, event_type, source_system, subscriber_id, make_timestamp(epoch_us(event_timestamp)) AS event_timestamp, quality_score, make_timestamp(epoch_us(ingested_at)) AS ingested_at, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, make_timestamp(epoch_us(kafka_timestamp)) AS kafka_timestamp, batch_id, raw_payload, extra_fields,
                CASE WHEN TRY(json_type(raw_payload)) = 'OBJECT' THEN raw_payload END AS object
                FROM refine_left_over WHERE event_type = 'METER'))))
UNION ALL BY NAME
SELECT event_id, event_type, source_system, subscriber_id, make_timestamp(epoch_us(event_timestamp)) AS event_timestamp, quality_score, make_timestamp(epoch_us(ingested_at)) AS ingested_at, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, make_timestamp(epoch_us(kafka_timestamp)) AS kafka_timestamp, batch_id, raw_payload, extra_fields,
    [{'rule': 'unknown_type', 'field': 'type', 'value': left(event_type, 200), 'reason': 'no contract has this event type'}] AS violations
FROM refine_left_over WHERE coalesce(event_type NOT IN ('METER'), true);
