INSERT INTO ledger_partitions (kafka_topic, kafka_epoch, kafka_partition, start_offset, next_offset, last_offset, leader_epoch, last_timestamp, topic_id, cluster_id, updated_at) VALUES
