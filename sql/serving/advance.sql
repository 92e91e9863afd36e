-- One transaction: counts the events of the batches since the last publish, and stores the last batch that was counted.
INSERT INTO serving_hour_counts (hour, event_type, events)
SELECT epoch_us(event_timestamp) // 3600000000, coalesce(event_type, '(none)'), count(*)
FROM bronze_raw_events
WHERE batch_id > (SELECT batch_id FROM serving_progress) AND event_timestamp IS NOT NULL
GROUP BY ALL;

UPDATE serving_progress SET
    newest_event_at = greatest(newest_event_at, (SELECT max(event_timestamp) FROM bronze_raw_events
                                                 WHERE batch_id > (SELECT batch_id FROM serving_progress)
                                                   AND event_timestamp <= now() + INTERVAL 5 MINUTE)),
    batch_id = coalesce((SELECT max(batch_id) FROM ledger_batches), 0);
