-- As timeless, of the batch.
SELECT (hash(source_system, event_id) >> 1)::BIGINT FROM staged WHERE event_timestamp IS NULL
