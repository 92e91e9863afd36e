INSERT INTO silver_quarantine BY NAME
SELECT event_id, event_type, source_system, subscriber_id, event_timestamp, quality_score, ingested_at,
    violations[1].rule AS rule, violations[1].field AS field, violations[1]."value" AS "value", violations[1].reason AS reason,
    CASE WHEN len(violations) > 1 THEN to_json(violations) END AS violations, raw_payload,
    kafka_topic, kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, batch_id, ingested_at AS quarantined_at
FROM refine_suspects WHERE len(violations) > 0
