-- The recovery is a batch of its own, numbered behind all that there ever were: no number means two things.
INSERT INTO ledger_batches (batch_id, committed_at, landed, duplicates, rejected, gaps) VALUES ($1, now(), 0, 0, 0, $2);
