INSERT INTO ledger_batches (batch_id, committed_at, landed, duplicates, rejected, gaps) VALUES ($1, $2, $3, $4, $5, $6);
