-- The batches that trainings ended with, so that each can be repeated.
SELECT DISTINCT metadata->>'$.training_set.upto_batch' AS batch_id FROM models WHERE metadata->>'$.training_set.upto_batch' IS NOT NULL ORDER BY 1
