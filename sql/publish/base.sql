-- The name of Gold's base. $1: the text of the views, which decides the columns.
SELECT base_id::VARCHAR || '-' || md5($1) FROM {{base_table}}
