-- As api/page, by id with the last one first.
  AND ($3::DOUBLE IS NULL OR {{key}}::VARCHAR < decode($4::BLOB))
ORDER BY {{key}}::VARCHAR DESC
LIMIT $5
