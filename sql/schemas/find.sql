SELECT schema_type, schema_text, reference_texts FROM schemas WHERE registry = $1 AND schema_id = $2
