INSERT INTO schemas (registry, schema_id, schema_type, schema_text, reference_texts, fetched_at) VALUES ($1, $2, $3, $4, $5::JSON, now())
ON CONFLICT DO NOTHING
