-- The rows of Bronze with the time of an event outside the dense part of the batch. Nothing else of them is read: there are hardly any.
SELECT rowid FROM bronze_raw_events WHERE event_timestamp IN (SELECT event_timestamp FROM outliers)
