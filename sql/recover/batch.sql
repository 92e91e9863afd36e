-- The recovery is a batch of its own. Its number is higher than any before: a number never names two batches.
INSERT INTO ledger_batches (batch_id, committed_at, landed, duplicates, rejected, gaps) VALUES ($1, now(), 0, 0, 0, $2);
