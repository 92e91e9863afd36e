SELECT * EXCLUDE (refined_batch) FROM {{base}}
