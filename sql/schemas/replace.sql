-- Beside the one before, by which earlier messages were decoded.
INSERT INTO schemas (registry, schema_id, schema_type, schema_text, reference_texts, fetched_at) SELECT $1, $2, $3, $4, $5::JSON, now()
