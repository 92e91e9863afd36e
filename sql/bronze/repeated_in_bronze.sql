-- Events of the batch that Bronze has. {{from}} and {{to}} are literals, so that zone maps prune Bronze by event time: the cost does not grow with
-- history.
SELECT s.place, b.bronze_row
FROM staged s JOIN (
    SELECT rowid AS bronze_row, source_system, event_id, event_timestamp FROM bronze_raw_events WHERE event_timestamp >= {{from}} AND event_timestamp < {{to}}
) b ON s.event_timestamp = b.event_timestamp AND s.event_id = b.event_id AND s.source_system = b.source_system
