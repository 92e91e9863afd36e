DROP TABLE gold_tower_features_base;
ALTER TABLE gold_tower_features_next RENAME TO gold_tower_features_base;
CREATE OR REPLACE TABLE gold_tower_features_fresh AS FROM gold_tower_features_fresh WHERE refined_batch > {{upto}};
UPDATE gold_tower_base SET base_id = uuid();
