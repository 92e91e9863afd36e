SELECT b.rowid FROM (
    SELECT * FROM silver_quarantine_rebuild WHERE rule = 'conflict' AND batch_id > {{after}} AND batch_id <= {{upto}}
    QUALIFY row_number() OVER (PARTITION BY source_system, event_id, event_timestamp ORDER BY batch_id, kafka_partition, kafka_offset) = 1
) q
    ANTI JOIN silver_clean_events_rebuild s USING (event_timestamp, event_id, source_system)
    JOIN bronze_raw_events b ON b.kafka_offset = q.kafka_offset AND b.kafka_partition = q.kafka_partition AND b.kafka_epoch = q.kafka_epoch AND b.kafka_topic = q.kafka_topic
WHERE b.batch_id > {{after}} AND b.batch_id <= {{upto}} ORDER BY b.rowid
