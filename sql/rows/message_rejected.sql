-- As rows/message, of a message that is not an event.
SELECT kafka_topic AS topic, kafka_epoch AS epoch, kafka_partition AS "partition", kafka_offset AS "offset", kafka_timestamp, 'rejected' AS state, reason AS rule,
       field, rejected_at, reject_hint(reason, CASE WHEN reason IN ('not_json', 'not_utf8', 'unknown_schema', 'unusable_schema', 'not_avro') OR raw_value[1:1] <> '\x00'::BLOB THEN raw_value END) AS hint, octet_length(raw_value) AS size, base64(raw_value) AS bytes_base64,
       raw_value[1:10000]::VARCHAR AS text, base64(kafka_key) AS key_base64, kafka_headers AS headers
FROM bronze_rejects WHERE kafka_topic = $1 AND kafka_partition = $2 AND kafka_offset = $3 ORDER BY kafka_epoch DESC LIMIT 1
