-- The event at an offset, with what quarantine says of it. $1 topic, $2 partition, $3 offset, of the newest incarnation of the topic that has it.
SELECT b.kafka_topic AS topic, b.kafka_epoch AS epoch, b.kafka_partition AS "partition", b.kafka_offset AS "offset", b.event_type, b.source_system, b.event_id,
       b.event_timestamp, b.kafka_timestamp, b.ingested_at, b.subscriber_id AS entity_id, b.raw_payload, b.raw_payload::VARCHAR AS payload_text, b.extra_fields, b.conflict,
       CASE WHEN q.rule IS NOT NULL THEN 'quarantine' WHEN b.batch_id <= (SELECT batch_id FROM refine_progress) THEN 'silver' ELSE 'bronze' END AS state,
       q.rule, q.field, q."value", q.reason, q.violations, q.quarantined_at, q.corrected_by
FROM (SELECT * FROM bronze_raw_events WHERE kafka_topic = $1 AND kafka_partition = $2 AND kafka_offset = $3 ORDER BY kafka_epoch DESC LIMIT 1) AS b
     LEFT JOIN silver_quarantine AS q ON q.kafka_offset = b.kafka_offset AND q.kafka_partition = b.kafka_partition AND q.kafka_epoch = b.kafka_epoch
          AND q.kafka_topic = b.kafka_topic
