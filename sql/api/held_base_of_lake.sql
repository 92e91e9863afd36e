-- What names the content of the base of another entity of a live lake.
SELECT base_id::VARCHAR FROM {{base_table}}
