SELECT g.*, l.label AS label_to_learn
FROM {{view}} AS g JOIN churn_labels AS l ON l.entity_id = g.{{key}}
ORDER BY g.{{key}}
