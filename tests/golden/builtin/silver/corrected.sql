CREATE OR REPLACE TEMP TABLE refine_corrections AS SELECT q.* FROM silver_quarantine q
    SEMI JOIN silver_clean_events s ON q.kafka_offset = s.kafka_offset AND q.kafka_partition = s.kafka_partition AND q.kafka_epoch = s.kafka_epoch AND q.kafka_topic = s.kafka_topic
WHERE rule = 'conflict' AND batch_id > {{after}} AND batch_id <= {{upto}};
DELETE FROM silver_quarantine AS q USING refine_corrections c WHERE q.kafka_offset = c.kafka_offset AND q.kafka_partition = c.kafka_partition AND q.kafka_epoch = c.kafka_epoch AND q.kafka_topic = c.kafka_topic;
UPDATE silver_quarantine AS q SET corrected_by = c.kafka_topic || '[' || c.kafka_partition || ']@' || c.kafka_offset
FROM refine_corrections c
WHERE q.source_system = c.source_system AND q.event_id = c.event_id AND q.event_timestamp = c.event_timestamp AND q.corrected_by IS NULL
    AND (q.batch_id, q.kafka_partition, q.kafka_offset) < (c.batch_id, c.kafka_partition, c.kafka_offset);
DROP TABLE refine_corrections;
