SELECT count(*) FROM serving_pipeline
