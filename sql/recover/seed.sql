-- A partition that the mark knows and the lake does not: nothing of it was read yet, as far as this lake goes.
INSERT INTO ledger_partitions (kafka_topic, kafka_epoch, kafka_partition, start_offset, next_offset, topic_id, cluster_id, updated_at)
VALUES ($1, $2, $3, $4, $4, $5, $6, now())
ON CONFLICT DO NOTHING;
