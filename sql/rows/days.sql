-- What a feature of one row was on each UTC day, of the events of that day, in the 35 days before its newest one. $1 the bytes of its id.
WITH own AS (SELECT event_timestamp, {{source}}::DOUBLE AS measured FROM silver_clean_events
             WHERE {{key}} = TRY_CAST(decode($1::BLOB) AS {{key_type}}) AND {{key}}::VARCHAR = decode($1::BLOB) AND {{source}} IS NOT NULL)
SELECT strftime(event_timestamp::TIMESTAMP, '%Y-%m-%d') AS day, count(*) AS events,
       CASE {{aggregate}} WHEN 'sum' THEN sum(measured) WHEN 'min' THEN min(measured) WHEN 'max' THEN max(measured) ELSE avg(measured) END AS value
FROM own WHERE event_timestamp > (SELECT max(event_timestamp) FROM own) - INTERVAL 35 DAY GROUP BY day ORDER BY day
