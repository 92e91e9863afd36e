-- The first and the last time of the events in Bronze within the dense part of the batch; NULL: there are none.
SELECT min(event_timestamp), max(event_timestamp) FROM bronze_raw_events WHERE event_timestamp >= {{from}} AND event_timestamp < {{to}}
