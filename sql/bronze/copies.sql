-- The rows of Bronze that rows of the batch look like; NULL: an earlier row of the batch.
SELECT DISTINCT bronze_row FROM copies ORDER BY bronze_row NULLS FIRST
