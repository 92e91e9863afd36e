-- As repeated_in_bronze, for the events outside the dense part of the batch, in the few rows that rows_of_outliers or rows_at_times found. A
-- subquery, as in contents_of_rows.sql.
SELECT s.place, b.bronze_row
FROM outliers s JOIN (
    SELECT rowid AS bronze_row, source_system, event_id, event_timestamp FROM bronze_raw_events WHERE rowid IN (SELECT unnest([{{rows}}]))
) b ON s.event_timestamp = b.event_timestamp AND s.event_id = b.event_id AND s.source_system = b.source_system
