-- What became of the predictions of $1 as of $2: churn_outcomes has what happened. Those who had left are left out.
INSERT INTO model_outcomes (model_id, as_of, measured_at, rows, positives, called, called_positives, decile, decile_positives, auc, mean_probability)
WITH known AS (
    SELECT p.probability, p.called, coalesce(o.outcome, 0) AS outcome FROM model_predictions AS p LEFT JOIN churn_outcomes AS o ON o.{{key}}::VARCHAR = p.entity_id
    WHERE p.model_id = $1 AND p.as_of = $2 AND coalesce(o.outcome, 0) >= 0),
ranked AS (
    SELECT *, rank() OVER (ORDER BY probability) + (count(*) OVER (PARTITION BY probability) - 1) / 2 AS place,
           row_number() OVER (ORDER BY probability DESC) <= count(*) OVER () // 10 AS in_decile
    FROM known)
SELECT $1, $2, now(), count(*), count_if(outcome = 1), count_if(called), count_if(called AND outcome = 1), count_if(in_decile),
       count_if(in_decile AND outcome = 1),
       (sum(place) FILTER (outcome = 1) - count_if(outcome = 1) * (count_if(outcome = 1) + 1) / 2) / nullif(count_if(outcome = 1) * count_if(outcome = 0), 0),
       avg(probability)
FROM ranked
