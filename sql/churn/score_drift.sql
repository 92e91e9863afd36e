-- How far the scores of $1 have drifted, in thousandths; 0: not known.
SELECT coalesce(round(1000 * arg_max(psi, as_of)), 0)::BIGINT FROM model_drift WHERE model_id = $1 AND feature = ''
