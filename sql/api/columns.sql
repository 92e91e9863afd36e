-- What people call the columns of Gold. $1: the entity.
SELECT name, kind, feature, nullif(days, 0) AS days, title, unit, description, nullif(list_position, 0) AS list_position
FROM gold_columns WHERE entity = $1 ORDER BY position
