-- As identities, of the batch: with those outside the dense part of it.
SELECT (hash(source_system, event_id, event_timestamp) >> 1)::BIGINT, event_timestamp, event_timestamp < {{from}} OR event_timestamp >= {{to}}
FROM staged WHERE event_timestamp IS NOT NULL
