-- Every event that shares its identity with a row in `copies`: of the batch, and of Bronze. {{from}} and {{to}} are literals, so that zone maps
-- prune Bronze.
WITH identities AS MATERIALIZED (
    SELECT DISTINCT source_system, event_id, event_timestamp FROM staged SEMI JOIN copies USING (kafka_partition, kafka_offset)
), untimed AS (
    SELECT source_system, event_id FROM identities WHERE event_timestamp IS NULL
)
SELECT true AS staged, c.kafka_offset IS NOT NULL AS copy, s.kafka_partition, s.kafka_offset,
    s.source_system, s.event_id, s.event_timestamp, s.event_type, s.subscriber_id, s.quality_score, s.raw_payload, s.extra_fields
FROM staged s
    JOIN identities i ON s.source_system = i.source_system AND s.event_id = i.event_id AND s.event_timestamp IS NOT DISTINCT FROM i.event_timestamp
    LEFT JOIN copies c ON s.kafka_partition = c.kafka_partition AND s.kafka_offset = c.kafka_offset
WHERE s.reject_reason IS NULL
UNION ALL
SELECT false, false, 0, 0, source_system, event_id, event_timestamp, event_type, subscriber_id, quality_score, raw_payload, extra_fields
FROM bronze_raw_events SEMI JOIN identities USING (source_system, event_id, event_timestamp)
WHERE event_timestamp >= {{from}} AND event_timestamp <= {{to}}
UNION ALL
SELECT false, false, 0, 0, source_system, event_id, event_timestamp, event_type, subscriber_id, quality_score, raw_payload, extra_fields
FROM bronze_raw_events SEMI JOIN untimed USING (source_system, event_id)
WHERE event_timestamp IS NULL
