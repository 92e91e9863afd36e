-- The identities of the events in Bronze that have no time, as hashes, to be remembered.
SELECT (hash(source_system, event_id) >> 1)::BIGINT FROM bronze_raw_events WHERE event_timestamp IS NULL
