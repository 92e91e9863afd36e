SELECT *, churn_label AS label_to_learn FROM gold_subscriber_features WHERE churn_label IS NOT NULL ORDER BY subscriber_id
