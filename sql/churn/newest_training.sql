-- Of the newest training, whether its model is in use or not: when, and the last batch that Gold contained.
SELECT epoch_us(trained_at), (metadata->>'$.refined_batch')::BIGINT, metadata->>'$.label_source' FROM models ORDER BY trained_at DESC, model_id DESC LIMIT 1
