INSERT INTO bronze_duplicates BY NAME
SELECT {{topic}} AS kafka_topic, {{epoch}}::INTEGER AS kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, source_system, event_id,
    event_timestamp, {{batch}}::BIGINT AS batch_id
FROM staged SEMI JOIN copies USING (kafka_partition, kafka_offset);
