-- As rows_of_outliers, of the few whose times are listed. A subquery, as in contents_of_rows.sql.
SELECT rowid FROM bronze_raw_events WHERE event_timestamp IN (SELECT unnest([{{times}}]))
