-- Messages that are not events, those that came last first. $1 reason or NULL; $2 `before` of the last row of the page before, or NULL; $3 rows.
SELECT rowid AS before, kafka_topic AS topic, kafka_partition AS "partition", kafka_offset AS "offset", reason, field, rejected_at,
       reject_hint(reason, raw_value) AS hint, octet_length(raw_value) AS size, raw_value[1:200]::VARCHAR AS text
FROM bronze_rejects
WHERE ($1::VARCHAR IS NULL OR reason = $1) AND ($2::BIGINT IS NULL OR rowid < $2)
ORDER BY rowid DESC LIMIT $3
