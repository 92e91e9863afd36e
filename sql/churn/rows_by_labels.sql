SELECT g.*, l.label AS label_to_learn
FROM gold_subscriber_features AS g JOIN churn_labels AS l ON l.subscriber_id = g.subscriber_id
ORDER BY g.subscriber_id
