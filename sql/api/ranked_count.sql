SELECT count(*) FROM serving_entities
WHERE ($1::VARCHAR IS NULL OR coalesce(risk_band, 'unscored') = $1::VARCHAR) AND ($2::VARCHAR IS NULL OR starts_with({{key}}, $2::VARCHAR) OR starts_with({{key}}, upper($2::VARCHAR)))
