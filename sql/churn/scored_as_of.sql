SELECT count(*) FROM scores_progress WHERE model_id = $1 AND as_of = $2
