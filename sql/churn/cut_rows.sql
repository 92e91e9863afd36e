SELECT r.*, coalesce(o.outcome, 0) AS label_to_learn FROM churn_rows AS r LEFT JOIN churn_outcomes AS o ON o.{{key}} = r.{{key}} ORDER BY r.{{key}}
