-- A snapshot of an earlier version has no owners.
SELECT layer, rule, left(field, 128) AS field, events, left(example, 200) AS example, newest_at, owners
FROM (FROM serving_quarantine UNION ALL BY NAME SELECT NULL::JSON AS owners WHERE false) AS q ORDER BY events DESC, rule, q.field LIMIT 50
