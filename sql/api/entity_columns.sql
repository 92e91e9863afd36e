-- The columns of an entity's rows with their types, and what people call them. $1: the entity, $2: its key.
SELECT d.column_name AS name, d.column_type AS type, c.title, nullif(c.unit, '') AS unit, nullif(c.description, '') AS description, c.worse
FROM (DESCRIBE SELECT * FROM {{view}}) AS d LEFT JOIN (FROM gold_columns UNION ALL BY NAME SELECT NULL::VARCHAR AS worse WHERE false) AS c ON c.entity = $1 AND c.name = d.column_name
WHERE d.column_name <> $2
