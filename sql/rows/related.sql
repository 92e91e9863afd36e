-- The rows of another entity that were in events together with one row of this one, in the 7 days before its newest event: those with the most events.
-- $1 the bytes of its id; $2 rows.
WITH own AS (
    SELECT {{other_key}} AS id, event_timestamp FROM silver_clean_events
    WHERE {{key}} = TRY_CAST(decode($1::BLOB) AS {{key_type}}) AND {{key}}::VARCHAR = decode($1::BLOB) AND {{other_key}} IS NOT NULL)
SELECT id::VARCHAR AS id, count(*) AS events, max(event_timestamp) AS newest_at, count(*) OVER () AS total
FROM own WHERE event_timestamp > (SELECT max(event_timestamp) FROM own) - INTERVAL 7 DAY
GROUP BY id ORDER BY events DESC, id LIMIT $2
