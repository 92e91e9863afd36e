-- Follows api/ranked or api/listed. $1: the ids as a JSON list.
WHERE {{key}} IN (SELECT TRY_CAST(unnest(from_json($1::JSON, '["VARCHAR"]')) AS {{key_type}}))
