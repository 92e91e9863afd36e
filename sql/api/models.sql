SELECT count(*) FROM serving_models
