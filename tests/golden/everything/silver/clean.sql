INSERT INTO silver_clean_events_rebuild (event_id, event_type, source_system, subscriber_id, event_timestamp, quality_score, ingested_at, "kind", "note", reading_kwh, "tariff", huge_number, phase_number, serial_number, level_number, is_on, is_standby, installed_on, removed_on, read_at, checked_at, place_json, tag_list, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, batch_id)
SELECT event_id, event_type, source_system, subscriber_id, event_timestamp, quality_score, ingested_at, "kind", "note", reading_kwh, "tariff", huge_number, phase_number, serial_number, level_number, is_on, is_standby, installed_on, removed_on, read_at, checked_at, place_json, tag_list, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, batch_id
FROM (
    SELECT *, random() >= 0 AND extra_fields IS NULL
            AND subscriber_id IS NOT NULL AND regexp_matches(subscriber_id, '^S')
            AND event_timestamp IS NOT NULL AND event_timestamp < make_timestamp(4102444800000000)
            AND quality_score IS NOT NULL
            AND "kind" IS NOT NULL AND length("kind") >= 2 AND length("kind") <= 5 AND regexp_matches("kind", '^[a-z]+$')
            AND reading_kwh IS NOT NULL AND reading_kwh > 0 AND reading_kwh < 100000
            AND (reading_kwh::DOUBLE = payload."reading kWh")
            AND ("tariff" IS NULL OR ("tariff" >= 0 AND "tariff" <= 1000))
            AND (payload."tariff" IS NULL OR "tariff"::DOUBLE = payload."tariff") AND coalesce(abs(payload."tariff") < 1e15, true)
            AND (payload."huge" IS NULL OR huge_number::DOUBLE = payload."huge") AND coalesce(abs(payload."huge") < 1e15, true)
            AND phase_number IS NOT NULL AND phase_number IN (1, 2, 3)
            AND (payload."serial" IS NULL OR serial_number IS NOT NULL)
            AND (level_number IS NULL OR (level_number >= -5))
            AND (payload."level" IS NULL OR level_number IS NOT NULL)
            AND is_on IS NOT NULL
            AND installed_on IS NOT NULL AND installed_on >= make_timestamp(946684800000000)::DATE
            AND (payload."removed" IS NULL OR removed_on IS NOT NULL)
            AND read_at IS NOT NULL AND epoch_us(read_at) <= epoch_us(coalesce(kafka_timestamp, ingested_at)) + 43200000000
            AND (payload."checked_at" IS NULL OR checked_at IS NOT NULL)
            AND place_json IS NOT NULL
            AND CASE WHEN to_json(payload) = raw_payload THEN true ELSE TRY(regexp_full_match(json_type(raw_payload, ['$."kind"', '$."note"', '$."reading kWh"', '$."tariff"', '$."huge"', '$."phase"', '$."serial"', '$."level"', '$."on"', '$."standby"', '$."installed"', '$."removed"', '$."read_at"', '$."checked_at"', '$."place"', '$."tags"'])::VARCHAR, '\[VARCHAR, (?:NULL|''NULL''|VARCHAR), (?:DOUBLE|U?BIGINT), (?:NULL|''NULL''|(?:DOUBLE|U?BIGINT)), (?:NULL|''NULL''|(?:DOUBLE|U?BIGINT)), U?BIGINT, (?:NULL|''NULL''|U?BIGINT), (?:NULL|''NULL''|U?BIGINT), BOOLEAN, (?:NULL|''NULL''|BOOLEAN), VARCHAR, (?:NULL|''NULL''|VARCHAR), VARCHAR, (?:NULL|''NULL''|VARCHAR), OBJECT, (?:NULL|''NULL''|ARRAY)\]') AND list_has_all(['kind', 'note', 'reading kWh', 'tariff', 'huge', 'phase', 'serial', 'level', 'on', 'standby', 'installed', 'removed', 'read_at', 'checked_at', 'place', 'tags'], json_keys(raw_payload))) END AS clean
    FROM (
        SELECT event_id, event_type, source_system, subscriber_id, make_timestamp(epoch_us(event_timestamp)) AS event_timestamp, quality_score, make_timestamp(epoch_us(ingested_at)) AS ingested_at, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, make_timestamp(epoch_us(kafka_timestamp)) AS kafka_timestamp, batch_id, raw_payload, extra_fields, payload,
            payload."kind" AS "kind",
            payload."note" AS "note",
            TRY_CAST(payload."reading kWh" AS DECIMAL(9,3)) AS reading_kwh,
            TRY_CAST(payload."tariff" AS DECIMAL(18,0)) AS "tariff",
            TRY_CAST(payload."huge" AS DECIMAL(18,2)) AS huge_number,
            payload."phase" AS phase_number,
            TRY_CAST(payload."serial" AS BIGINT) AS serial_number,
            TRY_CAST(payload."level" AS SMALLINT) AS level_number,
            payload."on" AS is_on,
            payload."standby" AS is_standby,
            CASE WHEN regexp_full_match(payload."installed", '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN TRY_CAST(payload."installed" AS DATE) END AS installed_on,
            CASE WHEN regexp_full_match(payload."removed", '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN TRY_CAST(payload."removed" AS DATE) END AS removed_on,
            CASE WHEN regexp_full_match(payload."read_at", '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?') THEN make_timestamp(epoch_us(TRY_CAST(payload."read_at" AS TIMESTAMPTZ))) END AS read_at,
            CASE WHEN regexp_full_match(payload."checked_at", '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?') THEN make_timestamp(epoch_us(TRY_CAST(payload."checked_at" AS TIMESTAMPTZ))) END AS checked_at,
            payload."place" AS place_json,
            payload."tags" AS tag_list
        FROM (
            SELECT *, TRY(from_json(raw_payload, '{"kind":"VARCHAR","note":"VARCHAR","reading kWh":"DOUBLE","tariff":"DOUBLE","huge":"DOUBLE","phase":"TINYINT","serial":"HUGEINT","level":"HUGEINT","on":"BOOLEAN","standby":"BOOLEAN","installed":"VARCHAR","removed":"VARCHAR","read_at":"VARCHAR","checked_at":"VARCHAR","place":"JSON","tags":"JSON"}')) AS payload FROM bronze_raw_events
            WHERE batch_id > {{after}} AND batch_id <= {{upto}} AND rowid >= {{first}} AND rowid <= {{last}} AND event_type = 'METER')))
WHERE clean
