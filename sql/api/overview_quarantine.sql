SELECT layer, rule, field, events, example, newest_at FROM serving_quarantine ORDER BY events DESC, rule, field LIMIT 50
