INSERT INTO schemas (registry, schema_id, schema_type, schema_text, reference_texts, fetched_at) SELECT $1, $2, $3, $4, $5::JSON, now()
WHERE NOT EXISTS (SELECT 1 FROM schemas WHERE registry = $1 AND schema_id = $2)
