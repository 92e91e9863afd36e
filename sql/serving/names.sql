-- The label and the value that are declared, or NULL: an UNION BY NAME with no rows adds columns.
CREATE OR REPLACE TEMP VIEW api_ranked AS
FROM serving_entities
UNION ALL BY NAME
SELECT NULL AS {{label}}, NULL AS {{value}} WHERE false;
