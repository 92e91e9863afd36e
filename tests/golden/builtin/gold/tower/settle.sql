CREATE OR REPLACE TABLE gold_tower_features_base AS
FROM gold_tower_features_base ANTI JOIN gold_tower_features_fresh USING (oss_tower_id) UNION ALL FROM gold_tower_features_fresh;
DELETE FROM gold_tower_features_fresh;
UPDATE gold_tower_base SET base_id = uuid();
