-- What became of the predictions of $1, by the day they were made.
SELECT (DATE '1970-01-01' + as_of)::VARCHAR AS as_of, rows, positives, called, called_positives, decile, decile_positives, auc, mean_probability
FROM model_outcomes WHERE model_id = $1 ORDER BY as_of
