-- Of the events of Silver with $1 < batch_id <= $2, by type and topic; a time in the future does not count as newest.
MERGE INTO silver_event_times AS old USING (
    SELECT event_type, CASE WHEN starts_with(kafka_topic, 'file:') THEN '' ELSE kafka_topic END AS kafka_topic,
           timezone('UTC', min(event_timestamp)) AS oldest,
           timezone('UTC', max(event_timestamp) FILTER (timezone('UTC', event_timestamp) <= now() + INTERVAL 5 MINUTE)) AS newest
    FROM silver_clean_events WHERE batch_id > $1 AND batch_id <= $2 AND event_type IS NOT NULL GROUP BY ALL
) AS new ON new.event_type = old.event_type AND new.kafka_topic = old.kafka_topic
WHEN MATCHED THEN UPDATE SET oldest_event_at = least(old.oldest_event_at, new.oldest), newest_event_at = greatest(old.newest_event_at, new.newest)
WHEN NOT MATCHED THEN INSERT (event_type, kafka_topic, oldest_event_at, newest_event_at) VALUES (new.event_type, new.kafka_topic, new.oldest, new.newest)
