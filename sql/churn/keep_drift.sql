-- churn_drift_rows() has a row for each feature. $1 model, $2 day.
INSERT INTO model_drift (model_id, as_of, feature, psi) SELECT $1, $2, feature, psi FROM churn_drift_rows()
