-- The name of Gold's base and of its scores. $1: the text of the views, which decides the columns.
SELECT base_id::VARCHAR || coalesce('-' || scores_id::VARCHAR, '') || '-' || md5($1) FROM {{base_table}}, scores_progress
