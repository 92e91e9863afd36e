-- Those whose outcome is known by the day $1, with labels that take $2 days.
SELECT DISTINCT model_id, as_of FROM model_predictions WHERE as_of + $2 <= $1 ORDER BY ALL
