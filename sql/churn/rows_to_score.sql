-- One page: $1 the last id of the page before or NULL, $2 rows.
SELECT * FROM gold_subscriber_features WHERE $1::VARCHAR IS NULL OR subscriber_id > $1::VARCHAR ORDER BY subscriber_id LIMIT $2
