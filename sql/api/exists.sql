SELECT count(*) FROM {{view}} WHERE {{key}} = TRY_CAST(decode($1::BLOB) AS {{key_type}}) AND {{key}}::VARCHAR = decode($1::BLOB)
