-- As api/ranked_count, of an entity that has no risk. $1 has no meaning.
SELECT count(*) FROM {{view}}
WHERE $1::VARCHAR IS NULL AND ($2::VARCHAR IS NULL OR starts_with({{key}}::VARCHAR, $2::VARCHAR) OR starts_with({{key}}::VARCHAR, upper($2::VARCHAR)))
