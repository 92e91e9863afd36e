INSERT INTO bronze_raw_events BY NAME
SELECT * REPLACE (kafka_partition::INTEGER AS kafka_partition, quality_score::INTEGER AS quality_score), {{now}} AS ingested_at,
    {{topic}} AS kafka_topic, {{epoch}}::INTEGER AS kafka_epoch, {{batch}}::BIGINT AS batch_id
FROM batch_events();
