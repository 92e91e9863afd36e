SELECT count(*) FROM churn_labels
