-- $1: only this one, or NULL.
SELECT m.model_id, m.trained_at, m.label_source, m.training_rows, m.auc, m.pr_auc, m.log_loss, m.watermark, coalesce(s.scored, 0) AS scored,
       m.trained_at = max(m.trained_at) OVER () AS current, m.metadata
FROM serving_models AS m LEFT JOIN (SELECT model_id, count(*) AS scored FROM serving_entities WHERE model_id IS NOT NULL GROUP BY model_id) AS s
     ON s.model_id = m.model_id
QUALIFY $1::VARCHAR IS NULL OR m.model_id = $1
ORDER BY m.trained_at DESC
