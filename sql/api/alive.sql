-- A real but cheap query: both the lake and every snapshot have this table.
SELECT count(*) FROM ledger_partitions
