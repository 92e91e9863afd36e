-- Offsets below $4 that have no message, of a partition: $1 topic, $2 epoch, $3 partition.
SELECT coalesce(sum(least(next_offset, $4::BIGINT) - first_offset), 0)::BIGINT
FROM bronze_gaps
WHERE kafka_topic = $1 AND kafka_epoch = $2 AND kafka_partition = $3 AND first_offset < $4::BIGINT
