SELECT * FROM gold_features_base ANTI JOIN gold_features_fresh USING (subscriber_id) UNION ALL SELECT * FROM gold_features_fresh
