-- The batch by hour of event time: decides the bounds of the duplicate check. Years before 1970, where // rounds the other way, and the end of
-- the calendar, where the next hour cannot be written, are left to the list of outliers.
SELECT epoch_us(event_timestamp) // 3600000000 * 3600000000 AS hour_us, count(*) AS events
FROM staged WHERE reject_reason IS NULL AND event_timestamp >= TIMESTAMPTZ '1970-01-01 00:00:00Z' AND event_timestamp < TIMESTAMPTZ '9999-01-01 00:00:00Z'
GROUP BY 1 ORDER BY 1;
