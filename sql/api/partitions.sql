-- $1: with the paths of files.
SELECT CASE WHEN NOT $1 AND starts_with(kafka_topic, 'file:') THEN '(file)' ELSE kafka_topic END AS topic, kafka_epoch AS epoch, kafka_partition AS "partition",
       start_offset, next_offset, updated_at
FROM ledger_partitions ORDER BY kafka_topic, kafka_epoch, kafka_partition
