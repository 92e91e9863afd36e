INSERT INTO bronze_rejects BY NAME
SELECT {{topic}} AS kafka_topic, {{epoch}}::INTEGER AS kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, reject_reason AS reason,
    CASE reject_reason WHEN 'bad_id' THEN {{id_field}} WHEN 'bad_source' THEN {{source_field}} WHEN 'bad_timestamp' THEN {{time_field}} END AS field,
    raw_value, {{batch}}::BIGINT AS batch_id, {{now}} AS rejected_at,
    kafka_key, kafka_headers
FROM staged WHERE reject_reason IS NOT NULL;
