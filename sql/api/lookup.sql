-- Follows api/ranked or api/listed. $1: the ids as a JSON list. A number is written in one way alone: 1.5 and 007 are no ids.
WHERE {{key}} IN (SELECT TRY_CAST(id AS {{key_type}}) FROM (SELECT unnest(from_json($1::JSON, '["VARCHAR"]')) AS id)
                  WHERE TRY_CAST(id AS {{key_type}})::VARCHAR = id)
