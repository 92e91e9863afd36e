-- The newest training first. in_use: promoted last.
SELECT model_id, trained_at, label_source, training_rows, auc, pr_auc, log_loss,
       CASE WHEN promoted_at IS NULL THEN CASE WHEN note LIKE 'withdrawn%' THEN 'withdrawn' ELSE 'candidate' END
            WHEN promoted_at = (SELECT max(promoted_at) FROM models) THEN 'in use' ELSE 'was in use' END AS state,
       promoted_at, note
FROM models ORDER BY trained_at DESC, model_id DESC
