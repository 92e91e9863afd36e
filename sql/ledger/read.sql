SELECT kafka_epoch, topic_id, cluster_id, kafka_partition, start_offset, next_offset, last_offset, leader_epoch, epoch_us(last_timestamp)
FROM ledger_partitions
WHERE kafka_topic = $1 AND kafka_epoch = (SELECT max(kafka_epoch) FROM ledger_partitions WHERE kafka_topic = $1)
ORDER BY kafka_partition;
