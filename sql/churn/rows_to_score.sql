-- One page: $1 the last id of the page before or NULL, $2 rows, $3 only features computed after this batch; -1: all.
SELECT * EXCLUDE (refined_batch)
FROM (SELECT * FROM gold_features_base ANTI JOIN gold_features_fresh USING ({{key}}) UNION ALL SELECT * FROM gold_features_fresh)
WHERE refined_batch > $3 AND ($1::VARCHAR IS NULL OR {{key}} > $1::VARCHAR)
ORDER BY {{key}} LIMIT $2
