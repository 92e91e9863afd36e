-- Messages that are not events, those that came last first. $1 reason or NULL; $2 `before` of the last row of the page before, or NULL; $3 rows.
SELECT rowid AS before, kafka_topic AS topic, kafka_partition AS "partition", kafka_offset AS "offset", reason, field, rejected_at,
       reject_hint(reason, CASE WHEN reason IN ('not_json', 'not_utf8', 'unknown_schema', 'unusable_schema', 'not_avro') OR raw_value[1:1] <> '\x00'::BLOB THEN raw_value END) AS hint, octet_length(raw_value) AS size, raw_value[1:200]::VARCHAR AS text
FROM bronze_rejects
WHERE ($1::VARCHAR IS NULL OR reason = $1) AND ($2::BIGINT IS NULL OR rowid < $2)
ORDER BY rowid DESC LIMIT $3
