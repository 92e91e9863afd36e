-- As rows/events, those that are in quarantine; of the first entity, whose id is in every event.
SELECT event_id, event_type, source_system, coalesce(event_timestamp, quarantined_at) AS event_timestamp, ingested_at, rule, field, reason, kafka_topic,
       kafka_partition, kafka_offset, epoch_us(coalesce(event_timestamp, quarantined_at)) AS "(us)", rowid * 2 + 1 AS "(place)"
FROM silver_quarantine
WHERE subscriber_id = decode($1::BLOB)
  AND ($2::BIGINT IS NULL OR epoch_us(coalesce(event_timestamp, quarantined_at)) < $2
       OR (epoch_us(coalesce(event_timestamp, quarantined_at)) = $2 AND rowid * 2 + 1 < $3))
ORDER BY "(us)" DESC, "(place)" DESC LIMIT $4
