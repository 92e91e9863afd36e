-- The size of each row, in order. Literals, so that zone maps prune.
SELECT rowid, coalesce(strlen(raw_payload), 0) + coalesce(strlen(extra_fields), 0)
FROM bronze_raw_events WHERE batch_id > {{after}} AND batch_id <= {{upto}} ORDER BY rowid
