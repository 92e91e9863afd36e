-- Events without a timestamp are identified by source and id alone.
SELECT s.place, b.bronze_row
FROM (SELECT * FROM staged WHERE event_timestamp IS NULL) s
    JOIN (SELECT rowid AS bronze_row, source_system, event_id FROM bronze_raw_events WHERE event_timestamp IS NULL) b USING (source_system, event_id)
