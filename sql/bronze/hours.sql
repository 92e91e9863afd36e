-- Where the batch lies in time, by hour: from this the bounds of the duplicate check are chosen. Years in which nobody lives are left to the list
-- of outliers: before 1970 // rounds the other way, and behind the last hour there is no time.
SELECT epoch_us(event_timestamp) // 3600000000 * 3600000000 AS hour_us, count(*) AS events
FROM staged WHERE reject_reason IS NULL AND event_timestamp >= TIMESTAMPTZ '1970-01-01 00:00:00Z' AND event_timestamp < TIMESTAMPTZ '9999-01-01 00:00:00Z'
GROUP BY 1 ORDER BY 1;
