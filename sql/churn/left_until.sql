-- The day after the last departure, since 1970.
SELECT max(left_us) // 86400000000 + 1 FROM churn_left
