-- The last events of one entity in Silver. $1 the bytes of its id; $2 and $3 time and place of the last event of the page before, or NULL; $4 rows.
SELECT *, epoch_us(event_timestamp) AS "(us)", rowid * 2 AS "(place)" FROM silver_clean_events
WHERE {{key}} = TRY_CAST(decode($1::BLOB) AS {{key_type}}) AND {{key}}::VARCHAR = decode($1::BLOB)
  AND ($2::BIGINT IS NULL OR epoch_us(event_timestamp) < $2 OR (epoch_us(event_timestamp) = $2 AND rowid * 2 < $3))
ORDER BY "(us)" DESC, "(place)" DESC LIMIT $4
