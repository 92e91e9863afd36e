-- The batches of Silver after $1 with how many of their events have no time of arrival, and how many arrived more than two days after they happened.
SELECT batch_id, count(*) AS events, count(*) - count(kafka_timestamp) AS without_arrival,
       count_if(epoch_us(kafka_timestamp) - epoch_us(event_timestamp) > 2 * 86400000000) AS late
FROM silver_clean_events WHERE batch_id > $1 GROUP BY batch_id ORDER BY batch_id
