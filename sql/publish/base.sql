-- The name of Gold's base, of its scores, and of what people call them. $1: the text of the views, which decides the columns.
SELECT base_id::VARCHAR || coalesce('-' || scores_id::VARCHAR, '') || '-' || md5($1 || coalesce(r.declared_sha256, '')) FROM {{base_table}}, scores_progress, refine_progress AS r
