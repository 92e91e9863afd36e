-- Events without a timestamp are identified by source and id alone.
INSERT INTO copies (kafka_partition, kafka_offset)
SELECT s.kafka_partition, s.kafka_offset
FROM (SELECT * FROM staged WHERE event_timestamp IS NULL AND reject_reason IS NULL) s
    SEMI JOIN (SELECT source_system, event_id FROM bronze_raw_events WHERE event_timestamp IS NULL) b USING (source_system, event_id);
