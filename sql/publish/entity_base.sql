-- The name of the base of an entity behind the first: its features alone decide its columns.
SELECT base_id::VARCHAR FROM {{base_table}}
