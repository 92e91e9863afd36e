-- $3 and $4 rank and id (its bytes) of the last row of the page before or NULL, $5 rows: one more than a page has.
  AND ($3::DOUBLE IS NULL OR "(rank)" < $3::DOUBLE OR ("(rank)" = $3::DOUBLE AND {{key}}::VARCHAR > decode($4::BLOB)))
ORDER BY "(rank)" DESC, {{key}}::VARCHAR
LIMIT $5
