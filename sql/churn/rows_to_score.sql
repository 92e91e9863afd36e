-- One page: $1 the last id of the page before or NULL, $2 rows, $3 only features computed after this batch; -1: all.
SELECT * EXCLUDE (refined_batch)
FROM (SELECT * FROM gold_features_base ANTI JOIN gold_features_fresh USING (subscriber_id) UNION ALL SELECT * FROM gold_features_fresh)
WHERE refined_batch > $3 AND ($1::VARCHAR IS NULL OR subscriber_id > $1::VARCHAR)
ORDER BY subscriber_id LIMIT $2
