-- The batch by minute of event time: decides the bounds of the duplicate check. Years before 1970, where // rounds the other way, and the end of
-- the calendar, where the next hour cannot be written, are in no minute (timed); nor are events without a time.
SELECT CASE WHEN event_timestamp >= TIMESTAMPTZ '1970-01-01 00:00:00Z' AND event_timestamp < TIMESTAMPTZ '9999-01-01 00:00:00Z'
            THEN epoch_us(event_timestamp) // 60000000 * 60000000 END AS minute_us, count(*) AS events, event_timestamp IS NOT NULL AS timed
FROM staged
GROUP BY ALL ORDER BY minute_us;
