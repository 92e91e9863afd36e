-- What people call the columns of Gold, which values are worse, and which have a value of each day. $1: the entity. gold_columns of an earlier version
-- has no `worse`, or no `source`.
SELECT name, kind, feature, nullif(days, 0) AS days, title, unit, description, nullif(list_position, 0) AS list_position, worse,
       source IS NOT NULL AS by_day
FROM (FROM gold_columns UNION ALL BY NAME SELECT NULL::VARCHAR AS worse, NULL::VARCHAR AS source WHERE false) WHERE entity = $1 ORDER BY position
