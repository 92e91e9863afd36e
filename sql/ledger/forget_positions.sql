-- The rows that ledger/store_positions writes again. Not an update: that would wait for a checkpoint which runs beside (src/lake/checkpoint.c).
DELETE FROM ledger_partitions WHERE kafka_topic = {{topic}} AND kafka_epoch = {{epoch}} AND kafka_partition IN ({{partitions}});
