-- What people call the columns of Gold, and which values are worse. $1: the entity. gold_columns of an earlier version has no `worse`.
SELECT name, kind, feature, nullif(days, 0) AS days, title, unit, description, nullif(list_position, 0) AS list_position, worse
FROM (FROM gold_columns UNION ALL BY NAME SELECT NULL::VARCHAR AS worse WHERE false) WHERE entity = $1 ORDER BY position
