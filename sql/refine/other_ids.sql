SELECT count(*) FROM bronze_raw_events WHERE kafka_topic = $1 AND batch_id > $2 AND batch_id <= $3 AND subscriber_id IS NOT NULL
