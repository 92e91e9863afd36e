-- $3 and $4 rank and id (its bytes) of the last row of the page before.
  AND ("(rank)" > $3::DOUBLE OR ("(rank)" = $3::DOUBLE AND {{key}}::VARCHAR <= decode($4::BLOB)))
