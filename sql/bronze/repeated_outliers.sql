-- As repeated_in_bronze, for the events outside the dense part of the batch, when rows_of_outliers found many rows: their times prune Bronze.
SELECT s.place, b.bronze_row
FROM outliers s JOIN (
    SELECT rowid AS bronze_row, source_system, event_id, event_timestamp FROM bronze_raw_events
) b ON s.event_timestamp = b.event_timestamp AND s.event_id = b.event_id AND s.source_system = b.source_system
