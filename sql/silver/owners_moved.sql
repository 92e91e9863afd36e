-- A property that has another column in the contracts ($1) than in Silver.
WITH declared AS (SELECT unnest(from_json($1, '[{"column_name":"VARCHAR","event_type":"VARCHAR","topic":"VARCHAR","property":"VARCHAR","made":"BOOLEAN"}]'), recursive := true))
SELECT event_type || '.' || property AS property, owner.column_name, declared.column_name AS is_now
FROM column_owners owner JOIN declared USING (event_type, topic, property)
WHERE owner.column_name <> declared.column_name ORDER BY ALL LIMIT 1
