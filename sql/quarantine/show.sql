-- The newest events in quarantine; $1 rule and $2 field: NULL for any; $3: how many.
SELECT * RENAME ({{stored}} AS {{key}}) FROM silver_quarantine
WHERE ($1::VARCHAR IS NULL OR rule = $1) AND ($2::VARCHAR IS NULL OR field = $2)
ORDER BY quarantined_at DESC, kafka_topic, kafka_epoch, kafka_partition, kafka_offset LIMIT $3
