-- The rows of Bronze with one of these times. Nothing else of them is read: there are hardly any. A subquery, as in contents_of_rows.sql.
SELECT rowid FROM bronze_raw_events WHERE event_timestamp IN (SELECT unnest([{{times}}]))
