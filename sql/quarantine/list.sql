-- What did not pass: the events in quarantine, counted by the first rule that they broke, and the messages that are not events, by reason. The
-- newest of these is the example: its first bytes may tell what is wrong with the sender. An event's value and reason are of the same event.
SELECT 'silver' AS layer, rule, field, count(*) AS events, min("value") AS example, coalesce(arg_min(reason, "value"), min(reason)) AS reason, max(quarantined_at) AS newest_at,
    count(DISTINCT event_type) AS event_types, to_json(list(DISTINCT event_type ORDER BY event_type)[1:10]) AS types
FROM silver_quarantine GROUP BY rule, field
UNION ALL
SELECT 'bronze', k.reason, k.field, k.events, coalesce(TRY(decode(r.raw_value[1:200])), r.raw_value[1:200]::VARCHAR), concat_ws(': ', reject_words(k.reason), coalesce(reject_hint(k.reason, CASE WHEN k.reason IN ('not_json', 'not_utf8', 'unknown_schema', 'unusable_schema', 'not_avro') OR r.raw_value[1:1] <> '\x00'::BLOB THEN r.raw_value END),
        CASE k.reason WHEN 'too_deep' THEN 'it has more than 100 levels' WHEN 'too_many_values' THEN 'it has more than 1,000,000 values' END)),
    k.newest_at AT TIME ZONE 'UTC', 0, NULL
FROM (SELECT reason, field, count(*) AS events, max(rejected_at) AS newest_at, max(rowid) AS newest FROM bronze_rejects GROUP BY reason, field) k
    JOIN bronze_rejects r ON r.rowid = k.newest
ORDER BY events DESC, rule, field
