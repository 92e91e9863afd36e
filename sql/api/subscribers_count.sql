SELECT count(*) FROM serving_subscribers
WHERE ($1::VARCHAR IS NULL OR coalesce(risk_band, 'unscored') = $1::VARCHAR) AND ($2::VARCHAR IS NULL OR starts_with(subscriber_id, $2::VARCHAR) OR starts_with(subscriber_id, upper($2::VARCHAR)))
