-- The rows of an entity with a risk, for memory: of its base or of its delta (api/held_of_snapshot), as api/entity and api/ranked show them. Selected
-- from both, so that both have the same columns and types.
SELECT * REPLACE ({{key}}::VARCHAR AS {{key}}), coalesce(churn_probability, {{label_or_null}} - 2.0, -3.0)::DOUBLE AS "(rank)",
       churn_probability * {{value_or_null}}::DOUBLE AS "(value)"
FROM (SELECT * FROM held_base WHERE {{of_base}} UNION ALL SELECT * FROM held_delta WHERE {{of_delta}})
