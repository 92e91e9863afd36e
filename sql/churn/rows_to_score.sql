-- One page: $1 the last id of the page before or NULL, $2 rows, $3 only features computed after this batch; -1: all.
SELECT * EXCLUDE (refined_batch) REPLACE ({{key}}::VARCHAR AS {{key}})
FROM (SELECT * FROM {{base}} ANTI JOIN {{delta}} USING ({{key}}) UNION ALL SELECT * FROM {{delta}})
WHERE refined_batch > $3 AND ($1::VARCHAR IS NULL OR {{key}}::VARCHAR > $1::VARCHAR)
ORDER BY {{key}}::VARCHAR LIMIT $2
