SELECT coalesce(max(batch_id), 0) FROM ledger_batches
