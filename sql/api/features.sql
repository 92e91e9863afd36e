-- $1 an entity, $2 the view of its features: its columns, what is typical of them, and whether they are up to date.
SELECT c.name, c.kind, c.feature, nullif(c.days, 0) AS days, t.data_type AS type, c.title, c.unit, c.description, c.worse, s.known, s.sampled - s.known AS missing,
       s.mean, s.least, s.p05, s.p25, s.p50, s.p75, s.p95, s.most,
       CASE WHEN s.sampled IS NULL THEN 'unknown' WHEN s.known = 0 THEN 'missing' WHEN p.pending_since < p.as_of - INTERVAL 1 HOUR THEN 'stale'
            ELSE 'fresh' END AS status
FROM (FROM gold_columns UNION ALL BY NAME SELECT NULL::VARCHAR AS worse WHERE false) AS c -- that of an earlier version has no `worse`
     LEFT JOIN feature_stats AS s ON s.entity = c.entity AND s.name = c.name
     LEFT JOIN (SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database() AND table_name = $2) AS t ON t.column_name = c.name,
     serving_pipeline AS p
WHERE c.entity = $1 ORDER BY c.position
