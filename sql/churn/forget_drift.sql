DELETE FROM model_drift WHERE model_id = $1 AND as_of = $2
