-- As api/ranked, of an entity that has no risk: by id, which is a text here whatever it is in Gold. $1 and $3 have no meaning.
SELECT {{key}}::VARCHAR AS {{key}}, COLUMNS(c -> list_contains(string_split({{listed}}, ','), c) OR c = 'rank')
FROM (SELECT *, 0::DOUBLE AS rank FROM {{view}})
WHERE $1::VARCHAR IS NULL
  AND ($2::VARCHAR IS NULL OR starts_with({{key}}::VARCHAR, $2::VARCHAR) OR starts_with({{key}}::VARCHAR, upper($2::VARCHAR)))
  AND ($3::DOUBLE IS NULL OR {{key}}::VARCHAR > decode($4::BLOB))
ORDER BY 1
LIMIT $5
