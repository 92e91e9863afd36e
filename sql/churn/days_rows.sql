SELECT count(*) FROM model_days
