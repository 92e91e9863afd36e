-- The name of the base of an entity without scores: its features alone decide its columns.
SELECT base_id::VARCHAR FROM {{base_table}}
