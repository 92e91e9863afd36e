-- $1 model, $2 since when it is in use or NULL, $3 why not.
UPDATE models SET promoted_at = $2, note = $3 WHERE model_id = $1
