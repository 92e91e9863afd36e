SELECT model_id, trained_at, label_source, training_rows, auc, pr_auc, log_loss, watermark FROM serving_models ORDER BY promoted_at DESC NULLS LAST, trained_at DESC LIMIT 1
