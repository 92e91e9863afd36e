DELETE FROM model_predictions WHERE model_id = $1 AND as_of = $2
