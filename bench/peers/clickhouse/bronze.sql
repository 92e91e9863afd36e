-- The columns of the envelope, and what cannot be parsed beside them. A copy of an event vanishes when parts are merged, or with FINAL.
CREATE TABLE bronze (event_id String, event_type LowCardinality(Nullable(String)), source_system LowCardinality(String), subscriber_id String,
    event_timestamp Nullable(DateTime64(6, 'UTC')), raw_payload String, quality_score Nullable(Int32), rejected String, ingested_at DateTime64(6, 'UTC'),
    kafka_partition Int32, kafka_offset Int64, kafka_timestamp Nullable(DateTime64(3, 'UTC')))
    ENGINE = ReplacingMergeTree ORDER BY (subscriber_id, event_timestamp, source_system, event_id)
    SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, allow_nullable_key = 1;
