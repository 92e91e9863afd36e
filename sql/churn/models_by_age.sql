SELECT model_id FROM models ORDER BY trained_at DESC, model_id DESC
