-- Those of land.sql that have the identity of an earlier event and another content.
INSERT INTO bronze_raw_events BY NAME
SELECT * REPLACE (kafka_partition::INTEGER AS kafka_partition, quality_score::INTEGER AS quality_score), {{now}} AS ingested_at,
    {{topic}} AS kafka_topic, {{epoch}}::INTEGER AS kafka_epoch, {{batch}}::BIGINT AS batch_id, true AS conflict
FROM batch_events() SEMI JOIN conflicts USING (kafka_partition, kafka_offset);
DROP TABLE conflicts
