DROP TABLE churn_labels
