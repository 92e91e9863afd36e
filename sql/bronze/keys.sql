-- With ingest.keep_keys: of every message that has a key or headers; rejected ones have them in their own row.
INSERT INTO bronze_keys BY NAME
SELECT {{topic}} AS kafka_topic, {{epoch}}::INTEGER AS kafka_epoch, kafka_partition, kafka_offset, kafka_key, kafka_headers, {{batch}}::BIGINT AS batch_id
FROM staged WHERE reject_reason IS NULL AND (kafka_key IS NOT NULL OR kafka_headers IS NOT NULL);
