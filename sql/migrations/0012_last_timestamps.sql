-- The timestamp of the last message that was read of a partition: a broker whose volume was restored from a copy counts its leader epochs again, and
-- has other messages at the same offsets. NULL: not known.
ALTER TABLE ledger_partitions ADD COLUMN last_timestamp TIMESTAMPTZ;
