SELECT * EXCLUDE (refined_batch) FROM {{delta}}
