INSERT INTO bronze_duplicates BY NAME
SELECT * REPLACE (kafka_partition::INTEGER AS kafka_partition), {{topic}} AS kafka_topic, {{epoch}}::INTEGER AS kafka_epoch, {{batch}}::BIGINT AS batch_id
FROM batch_copies();
