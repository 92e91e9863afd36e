SELECT max(batch_id) FROM refine_progress
