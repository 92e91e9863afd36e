-- The last row of each $3 seconds from $1 to $2.
SELECT * EXCLUDE (generation, model_id, contracts_sha256, features_sha256, smelt_version) RENAME (made_at AS "at")
FROM history WHERE made_at >= $1 AND made_at < $2
QUALIFY row_number() OVER (PARTITION BY epoch_us(made_at) // ($3::BIGINT * 1000000) ORDER BY made_at DESC, generation DESC) = 1
ORDER BY made_at
