-- As api/entity, for an id that a contract has put into capitals.
SELECT * REPLACE ({{key}}::VARCHAR AS {{key}}) FROM {{rows}} WHERE {{key}} = TRY_CAST(upper(decode($1::BLOB)) AS {{key_type}}) AND {{key}}::VARCHAR = upper(decode($1::BLOB))
