-- The scores that were made after {{after}}. What both tables have is newer in the delta.
SELECT entity_id, churn_probability, risk_band, reasons, model_id, scored_at, log_odds, reasons_bias, reasons_rest
FROM (FROM (FROM scores_base WHERE scored_at > {{after}}) ANTI JOIN (FROM scores_fresh WHERE scored_at > {{after}}) USING (entity_id)
      UNION ALL FROM scores_fresh WHERE scored_at > {{after}})
