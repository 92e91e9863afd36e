-- The day after the last departure before the day $1, since 1970; 0: there is none. A departure to come says nothing of those that have been.
SELECT coalesce(max(left_us) // 86400000000 + 1, 0) FROM churn_left WHERE left_us < $1 * 86400000000
