-- The gaps of a batch: producers with transactions leave one per partition and transaction.
INSERT INTO bronze_gaps BY NAME
SELECT {{topic}} AS kafka_topic, {{epoch}}::INTEGER AS kafka_epoch, kafka_partition::INTEGER AS kafka_partition, first_offset, next_offset, reason,
    {{batch}}::BIGINT AS batch_id, {{now}} AS noticed_at
FROM kafka_gaps();
