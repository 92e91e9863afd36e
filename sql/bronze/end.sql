-- Where the rows of Bronze end now: each has a number below it.
SELECT coalesce(max(rowid) + 1, 0) FROM bronze_raw_events
