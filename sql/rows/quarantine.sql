-- Events in quarantine, those that came last first. $1 rule, $2 field, $3 source, $4 event type: NULL for any; $5 `before` of the last row of the page
-- before, or NULL; $6 rows.
SELECT rowid AS before, kafka_topic AS topic, kafka_partition AS "partition", kafka_offset AS "offset", event_type, source_system, event_id,
       event_timestamp, quarantined_at, rule, field, reason, corrected_by, "value", subscriber_id AS entity_id, raw_payload, violations
FROM silver_quarantine
WHERE ($1::VARCHAR IS NULL OR rule = $1) AND ($2::VARCHAR IS NULL OR field = $2) AND ($3::VARCHAR IS NULL OR source_system = $3)
  AND ($4::VARCHAR IS NULL OR event_type = $4) AND ($5::BIGINT IS NULL OR rowid < $5)
ORDER BY rowid DESC LIMIT $6
