-- The newest: a registry that was reset gave the id out again.
SELECT schema_type, schema_text, reference_texts FROM schemas WHERE registry = $1 AND schema_id = $2 ORDER BY fetched_at DESC LIMIT 1
