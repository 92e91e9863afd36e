-- With ingest.keep_keys: of every event that has a key or headers; rejected messages have them in their own row.
INSERT INTO bronze_keys BY NAME
SELECT {{topic}} AS kafka_topic, {{epoch}}::INTEGER AS kafka_epoch, kafka_partition::INTEGER AS kafka_partition, kafka_offset, kafka_key, kafka_headers,
    {{batch}}::BIGINT AS batch_id
FROM batch_keys();
