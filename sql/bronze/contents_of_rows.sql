-- What these rows of Bronze say. A subquery: what it gives becomes a filter of the scan. With a list of five literals or more, DuckDB
-- reads all of Bronze.
SELECT source_system, event_id, event_timestamp, event_type, subscriber_id, quality_score, raw_payload, extra_fields
FROM bronze_raw_events WHERE rowid IN (SELECT unnest([{{rows}}]))
