-- Where the batch lies in time, by hour: from this the bounds of the duplicate check are chosen.
SELECT epoch_us(event_timestamp) // 3600000000 * 3600000000 AS hour_us, count(*) AS events
FROM staged WHERE reject_reason IS NULL AND event_timestamp IS NOT NULL
GROUP BY 1 ORDER BY 1;
