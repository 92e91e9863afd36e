-- What changed from scores_before to the scores of {{scored_at}}, which are in {{scores}}. The very first scores are no change.
INSERT INTO score_changes (scored_at, entity_id, probability_before, band_before, churn_probability, risk_band, model_id)
SELECT n.scored_at, n.entity_id, b.churn_probability, b.risk_band, n.churn_probability, n.risk_band, n.model_id
FROM {{scores}} AS n LEFT JOIN scores_before AS b USING (entity_id)
WHERE n.scored_at = {{scored_at}}
  AND CASE WHEN b.entity_id IS NULL THEN n.risk_band <> 'low' AND (NOT {{all}} OR EXISTS (SELECT 1 FROM scores_before))
           ELSE b.risk_band <> n.risk_band OR abs(b.churn_probability - n.churn_probability) >= 0.05 END;
DROP TABLE scores_before;
