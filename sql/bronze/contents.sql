-- The events of the batch that look like copies, and those of the batch that they look like.
SELECT bool_or(copy) AS copy, kafka_partition, kafka_offset,
    any_value(source_system), any_value(event_id), any_value(event_timestamp), any_value(event_type), any_value(subscriber_id), any_value(quality_score),
    any_value(raw_payload), any_value(extra_fields)
FROM staged JOIN (
    SELECT kafka_partition, kafka_offset, true AS copy FROM copies UNION SELECT kafka_partition, kafka_offset, n > 1 FROM repeated
) USING (kafka_partition, kafka_offset)
GROUP BY kafka_partition, kafka_offset
