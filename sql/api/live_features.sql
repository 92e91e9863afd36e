-- Of an entity by its id, from base or delta of its Gold.
SELECT * EXCLUDE (refined_batch) REPLACE ({{key}}::VARCHAR AS {{key}}) FROM {{table}} WHERE {{key}} = TRY_CAST(decode({{id}}) AS {{key_type}}) AND {{key}}::VARCHAR = decode({{id}})
