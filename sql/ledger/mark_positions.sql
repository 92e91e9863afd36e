-- Every partition of every topic and epoch.
SELECT kafka_topic, kafka_epoch, kafka_partition, start_offset, next_offset, topic_id, cluster_id
FROM ledger_partitions ORDER BY ALL;
