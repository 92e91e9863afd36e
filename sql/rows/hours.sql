-- How many events in Silver one row had in each hour, in the 7 days before its newest one. $1 the bytes of its id.
WITH own AS (SELECT event_timestamp FROM silver_clean_events WHERE {{key}} = TRY_CAST(decode($1::BLOB) AS {{key_type}}) AND {{key}}::VARCHAR = decode($1::BLOB))
SELECT strftime(time_bucket(INTERVAL 1 HOUR, event_timestamp::TIMESTAMP), '%Y-%m-%dT%H:%M:%SZ') AS hour, count(*) AS events
FROM own WHERE event_timestamp > (SELECT max(event_timestamp) FROM own) - INTERVAL 7 DAY GROUP BY ALL ORDER BY ALL
