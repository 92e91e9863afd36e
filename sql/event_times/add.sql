-- Of the events of Silver with $1 < batch_id <= $2, by type and topic; a time in the future does not count as newest. What changes is
-- deleted and inserted: an update would wait for a checkpoint which runs beside (src/lake/checkpoint.c). Materialized: all of it is read
-- before the first row is deleted.
MERGE INTO silver_event_times AS old USING (
    WITH found AS (
        SELECT event_type, CASE WHEN starts_with(kafka_topic, 'file:') THEN '' ELSE kafka_topic END AS kafka_topic,
               timezone('UTC', min(event_timestamp)) AS oldest,
               timezone('UTC', max(event_timestamp) FILTER (timezone('UTC', event_timestamp) <= now() + INTERVAL 5 MINUTE)) AS newest
        FROM silver_clean_events WHERE batch_id > $1 AND batch_id <= $2 AND event_type IS NOT NULL GROUP BY ALL
    ), added AS MATERIALIZED (
        SELECT event_type, kafka_topic, least(known.oldest_event_at, oldest) AS oldest, greatest(known.newest_event_at, newest) AS newest
        FROM found LEFT JOIN silver_event_times AS known USING (event_type, kafka_topic)
    )
    SELECT true AS is_old, * FROM added UNION ALL SELECT false, * FROM added
) AS new ON new.is_old AND new.event_type = old.event_type AND new.kafka_topic = old.kafka_topic
WHEN MATCHED THEN DELETE
WHEN NOT MATCHED AND NOT new.is_old THEN INSERT (event_type, kafka_topic, oldest_event_at, newest_event_at)
    VALUES (new.event_type, new.kafka_topic, new.oldest, new.newest)
