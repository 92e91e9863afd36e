-- The newest of what did not pass: events in quarantine (silver), and messages that are no events (bronze); $1 rule and $2 field: NULL for any;
-- $3: how many. The bytes of a message are shown as DuckDB shows a blob: what is not ASCII as \xNN.
SELECT * FROM (
    SELECT 'silver' AS layer, * RENAME ({{stored}} AS {{key}}) FROM silver_quarantine
    UNION ALL BY NAME
    SELECT 'bronze' AS layer, reason AS rule, field, concat_ws(': ', reject_words(reason), coalesce(reject_hint(reason, CASE WHEN reason IN ('not_json', 'not_utf8', 'unknown_schema', 'unusable_schema', 'not_avro') OR raw_value[1:1] <> '\x00'::BLOB THEN raw_value END),
        CASE reason WHEN 'too_deep' THEN 'it has more than 100 levels' WHEN 'too_many_values' THEN 'it has more than 1,000,000 values' END)) AS reason,
        raw_value::VARCHAR AS raw_value, kafka_key::VARCHAR AS kafka_key, kafka_headers, kafka_topic, kafka_epoch, kafka_partition, kafka_offset,
        timezone('UTC', kafka_timestamp) AS kafka_timestamp, batch_id, timezone('UTC', rejected_at) AS quarantined_at
    FROM bronze_rejects)
WHERE ($1::VARCHAR IS NULL OR rule = $1) AND ($2::VARCHAR IS NULL OR field = $2)
ORDER BY quarantined_at DESC, kafka_topic, kafka_epoch, kafka_partition, kafka_offset LIMIT $3
