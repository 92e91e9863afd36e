-- $1 an entity, $2 the column of its id, which snapshots of earlier versions have among the numbers.
SELECT name, p05, p25, p50, p75, p95 FROM feature_stats WHERE entity = $1 AND name != $2 ORDER BY name
