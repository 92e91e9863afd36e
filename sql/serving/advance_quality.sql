-- Part of the transaction of serving/advance: counts what was added to the quarantine and to the rejects since the last publish.
INSERT INTO quality_hours (layer, hour, rule, field, event_type, "source", events)
WITH new AS MATERIALIZED (
    SELECT 'silver' AS layer, epoch_us(quarantined_at) // 3600000000 AS hour, coalesce(rule, '') AS rule, left(coalesce(field, ''), 128) AS field,
           coalesce(event_type, '(none)') AS event_type, coalesce(source_system, '(none)') AS "source", count(*) AS events
    FROM silver_quarantine WHERE batch_id > (SELECT silver_batch FROM quality_progress) GROUP BY ALL
    UNION ALL
    SELECT 'bronze', epoch_us(rejected_at) // 3600000000, reason, left(coalesce(field, ''), 128), '(none)',
           CASE WHEN starts_with(kafka_topic, 'file:') THEN '(file)' ELSE kafka_topic END, count(*)
    FROM bronze_rejects WHERE batch_id > (SELECT bronze_batch FROM quality_progress) GROUP BY ALL),
-- those that have their name keep it; others get one while there is place
types AS MATERIALIZED (
    SELECT event_type FROM (SELECT event_type, events, 1 AS known FROM quality_hours UNION ALL SELECT event_type, events, 0 FROM new)
    WHERE strlen(event_type) <= 64 GROUP BY event_type ORDER BY max(known) DESC, sum(events) DESC, event_type LIMIT 20),
sources AS MATERIALIZED (
    SELECT "source" FROM (SELECT "source", events, 1 AS known FROM quality_hours UNION ALL SELECT "source", events, 0 FROM new)
    WHERE strlen("source") <= 64 GROUP BY "source" ORDER BY max(known) DESC, sum(events) DESC, "source" LIMIT 20)
SELECT n.layer, n.hour, n.rule, n.field, coalesce(t.event_type, '(other)'), coalesce(s."source", '(other)'), sum(n.events)
FROM new AS n LEFT JOIN types AS t ON t.event_type = n.event_type LEFT JOIN sources AS s ON s."source" = n."source"
GROUP BY ALL;

UPDATE quality_progress SET
    silver_batch = (SELECT batch_id FROM refine_progress),
    bronze_batch = coalesce((SELECT max(batch_id) FROM ledger_batches), 0),
    contracts_sha256 = (SELECT contracts_sha256 FROM refine_progress);
