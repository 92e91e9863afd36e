-- $1 event type or NULL, $2 rule or NULL, $3 from, $4 rows.
SELECT measured_at, event_type, rule, nullif(field, '') AS field, metric, events, failed, "value", must, holds, severity FROM serving_quality_history
WHERE ($1::VARCHAR IS NULL OR event_type = $1) AND ($2::VARCHAR IS NULL OR rule = $2) AND measured_at >= $3
ORDER BY measured_at DESC, event_type, rule LIMIT $4
