-- Whether a feature has a value of each day. $1 the entity, $2 the feature. gold_columns of an earlier version does not say of what they are.
SELECT source FROM (FROM gold_columns UNION ALL BY NAME SELECT NULL::VARCHAR AS source WHERE false) WHERE entity = $1 AND name = $2 AND days = 0 AND source IS NOT NULL
