CREATE OR REPLACE TABLE gold_features_base AS
FROM gold_features_base ANTI JOIN gold_features_fresh USING (subscriber_id) UNION ALL FROM gold_features_fresh;
DELETE FROM gold_features_fresh;
UPDATE gold_base SET base_id = uuid();
