SELECT words || ', expected a time such as 2026-06-01T00:00:00Z' FROM churn_left WHERE left_us IS NULL LIMIT 1
