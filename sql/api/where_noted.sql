-- Follows api/where. {{noted}}: ids as a JSON list; {{noted_in}}: the rows with these, or all others.
  AND ({{key}}::VARCHAR IN (SELECT unnest(from_json({{noted}}::VARCHAR, '["VARCHAR"]')))) = {{noted_in}}
