-- Lines of the table of departures without left_at.
SELECT count(*) FROM churn_left WHERE left_us IS NULL
