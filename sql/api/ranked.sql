-- $1 risk band or NULL, $2 prefix of the id or NULL, $3 and $4 rank and id (its bytes) of the last row of the page before or NULL, $5 rows: one more than a page has.
-- Those without a score follow those with one, first the ones that Gold's rule marks.
SELECT {{key}}, churn_probability, risk_band, reasons, scored_at, COLUMNS(c -> list_contains(string_split({{listed}}, ','), c) OR c = 'rank')
FROM (SELECT *, coalesce(churn_probability, {{label}} - 2.0, -3.0)::DOUBLE AS rank FROM api_ranked)
WHERE ($1::VARCHAR IS NULL OR coalesce(risk_band, 'unscored') = $1::VARCHAR)
  AND ($2::VARCHAR IS NULL OR starts_with({{key}}, $2::VARCHAR) OR starts_with({{key}}, upper($2::VARCHAR)))
  AND ($3::DOUBLE IS NULL OR rank < $3::DOUBLE OR (rank = $3::DOUBLE AND {{key}} > decode($4::BLOB)))
ORDER BY rank DESC, {{key}}
LIMIT $5
