SELECT (SELECT count(*) FROM {{base}}) + (SELECT count(*) FROM {{delta}})
