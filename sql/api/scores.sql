-- $1 the bytes of the id, $2 rows: its score now, and the changes that were recorded, newest first.
SELECT "at", churn_probability, risk_band, before, before_band, model_id FROM (
    SELECT scored_at AS at, churn_probability, risk_band, NULL::DOUBLE AS before, NULL::VARCHAR AS before_band, model_id, 1 AS later
    FROM serving_entities WHERE {{key}} = TRY_CAST(decode($1::BLOB) AS {{key_type}}) AND {{key}}::VARCHAR = decode($1::BLOB) AND churn_probability IS NOT NULL
    UNION ALL
    SELECT scored_at, churn_probability, risk_band, probability_before, band_before, model_id, 0 FROM score_changes WHERE entity_id = decode($1::BLOB))
QUALIFY row_number() OVER (PARTITION BY "at" ORDER BY later) = 1
ORDER BY "at" DESC LIMIT $2
