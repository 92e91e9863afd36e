-- The column of Silver that a feature is of, and how. $1 the entity, $2 the feature. gold_columns of an earlier version does not say it.
SELECT source, aggregate FROM (FROM gold_columns UNION ALL BY NAME SELECT NULL::VARCHAR AS source, NULL::VARCHAR AS aggregate WHERE false)
WHERE entity = $1 AND name = $2 AND source IS NOT NULL
