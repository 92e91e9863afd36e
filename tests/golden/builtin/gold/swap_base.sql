DROP TABLE gold_features_base;
ALTER TABLE gold_features_next RENAME TO gold_features_base;
CREATE OR REPLACE TABLE gold_features_fresh AS FROM gold_features_fresh WHERE refined_batch > {{upto}};
UPDATE gold_base SET base_id = uuid();
