SELECT count(*) FROM gold_features_fresh
