SELECT count(*) FROM churn_rows
