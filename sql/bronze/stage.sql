-- The batch, each message parsed once. What cannot be an event gets reject_reason and keeps its bytes; everything else is an event.
CREATE OR REPLACE TEMP TABLE staged AS
WITH parsed AS (
    SELECT kafka_partition, kafka_offset, kafka_timestamp, value, bytes,
        CASE WHEN json_valid(value) THEN from_json(value, '{"id":"VARCHAR","type":"VARCHAR","source":"VARCHAR","subscriber_id":"VARCHAR","timestamp":"VARCHAR","payload":"JSON","quality_score":"VARCHAR"}') END AS e
    FROM kafka_batch()
), typed AS (
    SELECT *, TRY_CAST(e.timestamp AS TIMESTAMPTZ) AS event_timestamp, TRY_CAST(e.quality_score AS INTEGER) AS quality_score FROM parsed
), judged AS (
    SELECT *,
        CASE
            WHEN value IS NULL AND bytes IS NULL THEN 'tombstone'
            WHEN value IS NULL THEN 'not_utf8'
            WHEN value = '' THEN 'empty'
            WHEN e IS NOT NULL AND e.id <> '' AND e.source <> '' AND e.id[1] NOT IN ('{', '[') AND e.source[1] NOT IN ('{', '[')
                AND (e.timestamp IS NULL OR isfinite(event_timestamp))
                AND (e.quality_score IS NULL OR e.quality_score = CAST(quality_score AS VARCHAR)) THEN NULL
            WHEN NOT json_valid(value) THEN 'not_json'
            WHEN json_type(value) <> 'OBJECT' THEN 'not_object'
            WHEN e.id IS NULL OR e.id = '' OR e.id[1] IN ('{', '[') THEN 'bad_id'
            WHEN e.source IS NULL OR e.source = '' OR e.source[1] IN ('{', '[') THEN 'bad_source'
            WHEN e.timestamp IS NOT NULL AND NOT coalesce(isfinite(event_timestamp), false) THEN 'bad_timestamp'
            ELSE 'bad_quality_score'
        END AS reject_reason
    FROM typed
)
SELECT kafka_partition::INTEGER AS kafka_partition, kafka_offset, kafka_timestamp, e.id AS event_id, e.type AS event_type,
    e.source AS source_system, e.subscriber_id AS subscriber_id, event_timestamp, e.payload AS raw_payload, quality_score,
    -- Seven keys and none of ours missing: there is no eighth.
    CASE WHEN reject_reason IS NULL AND (len(json_keys(value)) <> 7 OR e.type IS NULL OR e.subscriber_id IS NULL OR e.timestamp IS NULL
            OR e.payload IS NULL OR e.quality_score IS NULL)
        THEN nullif(json_merge_patch(value, '{"id":null,"type":null,"source":null,"subscriber_id":null,"timestamp":null,"payload":null,"quality_score":null}')::VARCHAR, '{}')::JSON
    END AS extra_fields,
    reject_reason,
    CASE WHEN reject_reason IS NOT NULL THEN coalesce(bytes, encode(value)) END AS raw_value
FROM judged;
