-- $1: the bytes of the id.
SELECT probability_before AS churn_probability, band_before AS risk_band, scored_at AS at FROM score_changes
WHERE entity_id = decode($1::BLOB) ORDER BY scored_at DESC LIMIT 1
