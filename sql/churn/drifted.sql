-- The newest drift of $1, the largest first; feature NULL: of the scores.
SELECT (DATE '1970-01-01' + as_of)::VARCHAR AS as_of, nullif(feature, '') AS feature, psi FROM model_drift
WHERE model_id = $1 AND as_of = (SELECT max(as_of) FROM model_drift WHERE model_id = $1) ORDER BY psi DESC NULLS LAST
