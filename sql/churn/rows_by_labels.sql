SELECT g.* REPLACE (g.{{key}}::VARCHAR AS {{key}}), l.label AS label_to_learn
FROM {{view}} AS g JOIN churn_labels AS l ON l.entity_id = g.{{key}}::VARCHAR
ORDER BY g.{{key}}::VARCHAR
