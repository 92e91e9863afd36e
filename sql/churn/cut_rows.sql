-- The view churn_cut has the features as of a cut. In no order: the rows are as wide as they are many.
SELECT r.* REPLACE (r.{{key}}::VARCHAR AS {{key}}), coalesce(o.outcome, 0) AS label_to_learn FROM churn_cut AS r LEFT JOIN churn_outcomes AS o ON o.{{key}}::VARCHAR = r.{{key}}::VARCHAR
