INSERT INTO ledger_partitions (kafka_topic, kafka_epoch, kafka_partition, start_offset, next_offset, topic_id, cluster_id, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset, topic_id = excluded.topic_id, cluster_id = excluded.cluster_id, updated_at = excluded.updated_at;
