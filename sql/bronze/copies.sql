-- How many rows of the batch have the identity of an earlier event, and their first and last time (of the epoch, when none has a time).
SELECT count(*), coalesce(min(event_timestamp), TIMESTAMPTZ '1970-01-01 00:00:00Z'), coalesce(max(event_timestamp), TIMESTAMPTZ '1970-01-01 00:00:00Z')
FROM staged SEMI JOIN copies USING (kafka_partition, kafka_offset)
