SELECT name, p05, p25, p50, p75, p95 FROM feature_stats WHERE entity = $1 ORDER BY name
