-- As api/ranked, of an entity that has no risk. Its id is a text here whatever it is in Gold.
SELECT {{key}}::VARCHAR AS {{key}}, COLUMNS(c -> list_contains(string_split({{fields}}, ','), c) OR c = '(rank)')
FROM (SELECT *, coalesce({{sign}} * {{sort}}::DOUBLE, -1.7e308) AS "(rank)" FROM (SELECT *, NULL AS risk_band, 0 AS "(id)" FROM {{view}}))
