SELECT count(*) FROM serving_hour_counts
