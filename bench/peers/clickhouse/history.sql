-- A file of messages into the table bronze, as if they had come from a topic.
INSERT INTO bronze SELECT id, type, source, subscriber_id, parseDateTime64BestEffortOrNull(timestamp, 6, 'UTC'), payload, quality_score, '', now64(6),
    -1, rowNumberInAllBlocks(), NULL
FROM file('{path}', 'JSONEachRow', 'id String, type String, source String, subscriber_id String, timestamp String, payload String, quality_score Nullable(Int32)')
SETTINGS input_format_json_read_objects_as_strings = 1, input_format_skip_unknown_fields = 1;
