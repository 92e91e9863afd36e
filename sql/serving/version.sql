-- Changes whenever something that the live views show has changed.
SELECT to_hex(hash((SELECT max(batch_id) FROM ledger_batches), (SELECT refined_at FROM refine_progress), (SELECT max(scored_at) FROM subscriber_scores),
            (SELECT max(trained_at) FROM models), (SELECT count(*) FROM runs), (SELECT max(finished_at) FROM runs), (SELECT count(*) FROM run_steps),
            (SELECT count(*) FROM silver_quarantine), (SELECT count(*) FROM silver_drift)))
