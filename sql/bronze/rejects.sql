INSERT INTO bronze_rejects BY NAME
SELECT * REPLACE (kafka_partition::INTEGER AS kafka_partition), {{topic}} AS kafka_topic, {{epoch}}::INTEGER AS kafka_epoch,
    CASE reason WHEN 'bad_id' THEN {{id_field}} WHEN 'bad_source' THEN {{source_field}} WHEN 'bad_timestamp' THEN {{time_field}} END AS field,
    {{batch}}::BIGINT AS batch_id, {{now}} AS rejected_at
FROM batch_rejects();
