-- The identities of the events in these rows of Bronze, as hashes, to be remembered.
SELECT (hash(source_system, event_id, event_timestamp) >> 1)::BIGINT FROM bronze_raw_events WHERE rowid >= {{from}} AND rowid < {{to}}
