-- One page: $1 the last id of the page before or NULL, $2 rows; $3 is for rows_to_score alone.
SELECT * FROM churn_rows WHERE $3::BIGINT IS NOT NULL AND ($1::VARCHAR IS NULL OR {{key}} > $1::VARCHAR) ORDER BY {{key}} LIMIT $2
