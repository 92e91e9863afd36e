SELECT wrong FROM churn_left WHERE wrong IS NOT NULL LIMIT 1
