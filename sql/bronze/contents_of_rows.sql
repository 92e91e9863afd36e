-- As contents.sql, of rows of Bronze. A list of literals, so that DuckDB reads no other rows.
SELECT false AS copy, kafka_partition, kafka_offset,
    source_system, event_id, event_timestamp, event_type, subscriber_id, quality_score, raw_payload, extra_fields
FROM bronze_raw_events WHERE rowid IN ({{rows}})
