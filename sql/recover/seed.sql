-- A partition that the mark has and the lake has not: in this lake, nothing of it was read yet.
INSERT INTO ledger_partitions (kafka_topic, kafka_epoch, kafka_partition, start_offset, next_offset, topic_id, cluster_id, updated_at)
SELECT $1, $2, $3, $4, $4, $5, $6, now()
WHERE NOT EXISTS (SELECT 1 FROM ledger_partitions WHERE kafka_topic = $1 AND kafka_epoch = $2 AND kafka_partition = $3);
