-- As api/held_rows, of an entity that has no risk.
SELECT * REPLACE ({{key}}::VARCHAR AS {{key}}), 0::DOUBLE AS "(rank)", NULL::DOUBLE AS "(value)"
FROM (SELECT * FROM held_base WHERE {{of_base}} UNION ALL SELECT * FROM held_delta WHERE {{of_delta}})
