-- 1: the quarantine was made anew, so that what was counted is not what is there. 2: there are many rows to merge. 0: neither.
SELECT CASE
    WHEN coalesce(sum(events) FILTER (layer = 'silver'), 0) <> (SELECT count(*) FROM silver_quarantine)
      OR coalesce(sum(events) FILTER (layer = 'bronze'), 0) <> (SELECT count(*) FROM bronze_rejects) THEN 1
    WHEN count(*) > (SELECT 2 * merged_rows + 5000 FROM quality_progress) THEN 2
    ELSE 0 END
FROM quality_hours
