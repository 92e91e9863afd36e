SELECT layer, rule, left(field, 128) AS field, events, left(example, 200) AS example, newest_at
FROM serving_quarantine AS q ORDER BY events DESC, rule, q.field LIMIT 50
