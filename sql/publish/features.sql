SELECT * FROM {{base}} ANTI JOIN {{delta}} USING ({{key}}) UNION ALL SELECT * FROM {{delta}}
