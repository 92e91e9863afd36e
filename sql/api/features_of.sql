-- What the figures of api/features are of. $1 the entity.
SELECT any_value(entities) AS rows, any_value(sampled) AS sampled, any_value(computed_at) AS computed_at FROM feature_stats WHERE entity = $1
