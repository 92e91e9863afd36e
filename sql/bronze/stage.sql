-- The batch, each message already parsed (src/ingest/envelope.h). A message that cannot be an event has reject_reason and keeps its bytes; all
-- others are events. Times in an unusual form are parsed here, by DuckDB.
CREATE OR REPLACE TEMP TABLE staged AS
WITH timed AS (
    SELECT * REPLACE (CASE WHEN unusual_time IS NULL THEN event_timestamp ELSE TRY_CAST(unusual_time AS TIMESTAMPTZ) END AS event_timestamp)
    FROM kafka_batch()
), judged AS (
    SELECT * REPLACE (CASE WHEN unusual_time IS NOT NULL AND NOT coalesce(isfinite(event_timestamp), false) THEN 'bad_timestamp' ELSE reject_reason END AS reject_reason)
    FROM timed
)
SELECT kafka_partition::INTEGER AS kafka_partition, kafka_offset, kafka_timestamp, event_id, event_type, source_system, subscriber_id, event_timestamp,
    raw_payload, quality_score::INTEGER AS quality_score, extra_fields, reject_reason,
    CASE WHEN reject_reason IS NOT NULL THEN raw_value END AS raw_value
FROM judged;
