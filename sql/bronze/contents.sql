-- The events of the batch that look like copies, and those of the batch that they look like.
SELECT place, kafka_partition, kafka_offset, bool_or(copy) AS copy
FROM staged JOIN (
    SELECT kafka_partition, kafka_offset, true AS copy FROM copies UNION SELECT kafka_partition, kafka_offset, n > 1 FROM repeated
) USING (kafka_partition, kafka_offset)
GROUP BY ALL
