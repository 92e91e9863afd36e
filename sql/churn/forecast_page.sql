-- One page: $1 the last id of the page before or NULL, $2 rows; $3 is for rows_to_score alone.
SELECT * REPLACE ({{key}}::VARCHAR AS {{key}}) FROM churn_rows
WHERE $3::BIGINT IS NOT NULL AND ($1::VARCHAR IS NULL OR {{key}}::VARCHAR > $1::VARCHAR) ORDER BY {{key}}::VARCHAR LIMIT $2
