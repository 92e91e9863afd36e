SELECT event_id, event_type, source_system, entity_id, event_timestamp, quality_score, ingested_at, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, batch_id,
    raw_payload, extra_fields, entity_id <> nfc_normalize(entity_id) AS not_nfc, conflict
FROM (SELECT *, upper(subscriber_id) AS entity_id FROM bronze_raw_events
    WHERE batch_id > {{after}} AND batch_id <= {{upto}} AND rowid >= {{first}} AND rowid <= {{last}}
    AND ({{all}} OR event_type = {{type}} OR ({{other}} AND (event_type IS NULL OR event_type NOT IN ('BSS', 'OSS', 'IoT')))))
