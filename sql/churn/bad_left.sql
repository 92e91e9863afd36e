-- The first mistake in the departures, as a sentence; no row when there is none.
SELECT wrong FROM churn_left WHERE wrong IS NOT NULL ORDER BY wrong LIMIT 1
