-- As api/live_features, for an id that a contract has put into capitals.
SELECT * EXCLUDE (refined_batch) REPLACE ({{key}}::VARCHAR AS {{key}}) FROM {{table}} WHERE {{key}} = TRY_CAST(upper(decode({{id}})) AS {{key_type}}) AND {{key}}::VARCHAR = upper(decode({{id}}))
