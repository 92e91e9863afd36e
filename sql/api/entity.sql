-- $1: the bytes of the id, since a text with a NUL cannot be bound.
SELECT * REPLACE ({{key}}::VARCHAR AS {{key}}) FROM {{rows}} WHERE {{key}} = TRY_CAST(decode($1::BLOB) AS {{key_type}}) AND {{key}}::VARCHAR = decode($1::BLOB)
