-- What the lake has of entities that are not declared any more, by the views of those that are ($1, with commas between them).
WITH gone AS (SELECT * FROM gold_entities WHERE NOT list_contains(string_split($1, ','), features_view))
SELECT 'VIEW' AS kind, features_view AS name FROM gone
UNION ALL
SELECT 'VIEW', regexp_replace(base_table, 'base$', 'labels') FROM gone WHERE position > 0
UNION ALL
SELECT 'TABLE', unnest([features_base, features_delta, base_table, regexp_replace(base_table, 'base$', 'features_next'), regexp_replace(base_table, 'base$', 'state'),
                        regexp_replace(base_table, 'base$', 'state_sums'), regexp_replace(base_table, 'base$', 'state_extreme')])
FROM gone WHERE position > 0
