SELECT count(DISTINCT subscriber_id) FROM refine_partials
