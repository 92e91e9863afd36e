-- A real query that costs little: of the lake's tables, this one is in every snapshot too.
SELECT count(*) FROM ledger_partitions
