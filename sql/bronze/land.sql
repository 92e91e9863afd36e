INSERT INTO bronze_raw_events BY NAME
SELECT event_id, event_type, source_system, subscriber_id, event_timestamp, raw_payload, quality_score, {{now}} AS ingested_at,
    {{topic}} AS kafka_topic, {{epoch}}::INTEGER AS kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, {{batch}}::BIGINT AS batch_id, extra_fields, raw_value
FROM staged ANTI JOIN copies USING (kafka_partition, kafka_offset)
WHERE reject_reason IS NULL;
