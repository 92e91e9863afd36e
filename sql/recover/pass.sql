UPDATE ledger_partitions SET next_offset = $4, updated_at = now() WHERE kafka_topic = $1 AND kafka_epoch = $2 AND kafka_partition = $3;
