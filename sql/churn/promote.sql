-- $1 model, $2 since when it is in use or NULL, $3 why not. After all others, also when the clock has been set back since.
UPDATE models SET promoted_at = CASE WHEN $2 IS NOT NULL THEN greatest($2, (SELECT max(promoted_at) + INTERVAL 1 MICROSECOND FROM models)) END, note = $3
WHERE model_id = $1
