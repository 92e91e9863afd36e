-- Promoted after all others, also when the clock has been set back since: the one promoted last is in use.
INSERT INTO models (model_id, trained_at, file, label_source, training_rows, auc, pr_auc, log_loss, watermark, metadata, promoted_at, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, make_timestamp($9::BIGINT), $10::JSON,
        CASE WHEN $11::VARCHAR IS NULL THEN greatest($2, (SELECT max(promoted_at) + INTERVAL 1 MICROSECOND FROM models)) END, $11)
