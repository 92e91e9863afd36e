-- Those that were promoted, the one in use first.
SELECT model_id FROM models WHERE promoted_at IS NOT NULL ORDER BY promoted_at DESC, trained_at DESC, model_id DESC
