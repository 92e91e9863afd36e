-- What readers see, as views over the lake. `publish` writes them into the snapshot as tables; a live server reads the views themselves.
-- Cost: a function of the subscribers and of the newest data. Counts come from the ledger or from count(*) without a filter (metadata);
-- Bronze is read from the batch on where the last publish ended (sql/serving/advance.sql), and DuckDB prunes by that bound.

-- One row a subscriber: Gold and the newest score.
CREATE OR REPLACE TEMP VIEW serving_subscribers AS
SELECT g.*, s.churn_probability, s.risk_band, s.reasons, s.model_id, s.scored_at
FROM gold_subscriber_features AS g LEFT JOIN subscriber_scores AS s ON s.subscriber_id = g.subscriber_id;

-- One row: the way of every offset, what waits, and how fresh each layer is. An event time that no sane clock could have sent is no freshness.
CREATE OR REPLACE TEMP VIEW serving_pipeline AS
WITH progress AS (SELECT * FROM serving_progress), refined AS (SELECT * FROM refine_progress),
newest AS (SELECT greatest(any_value(p.newest_event_at), max(b.event_timestamp)) AS at
           FROM progress AS p LEFT JOIN (SELECT event_timestamp FROM bronze_raw_events
                                         WHERE batch_id > (SELECT batch_id FROM progress) AND event_timestamp <= now() + INTERVAL 5 MINUTE) AS b ON true),
ledger AS (SELECT coalesce(sum(landed), 0)::BIGINT AS landed, coalesce(sum(duplicates), 0)::BIGINT AS duplicates,
                  coalesce(sum(rejected), 0)::BIGINT AS rejected, coalesce(sum(gaps), 0)::BIGINT AS gaps, max(committed_at) AS ingested_at,
                  coalesce(sum(landed) FILTER (WHERE batch_id > (SELECT batch_id FROM refined)), 0)::BIGINT AS pending_events,
                  min(committed_at) FILTER (WHERE batch_id > (SELECT batch_id FROM refined) AND landed > 0) AS pending_since
           FROM ledger_batches),
scores AS (SELECT count(*) AS scores, max(scored_at) AS scored_at FROM subscriber_scores)
SELECT now() AS as_of, l.*, r.refined_at, s.*, n.at AS newest_event_at,
       (SELECT count(*) FROM silver_clean_events) AS silver, (SELECT count(*) FROM silver_quarantine) AS quarantined
FROM ledger AS l, refined AS r, scores AS s, newest AS n;

-- Events an hour by type, over the 48 hours up to the newest event.
CREATE OR REPLACE TEMP VIEW serving_hours AS
WITH progress AS (SELECT * FROM serving_progress),
recent AS MATERIALIZED (
    SELECT epoch_us(event_timestamp) // 3600000000 AS hour, coalesce(event_type, '(none)') AS event_type, count(*) AS events
    FROM bronze_raw_events WHERE batch_id > (SELECT batch_id FROM progress) AND event_timestamp IS NOT NULL GROUP BY ALL),
newest AS (SELECT greatest((SELECT epoch_us(newest_event_at) // 3600000000 FROM progress),
                           (SELECT max(hour) FROM recent WHERE hour <= epoch_us(now()) // 3600000000)) AS hour)
SELECT make_timestamptz(c.hour * 3600000000) AS hour, event_type, sum(events)::BIGINT AS events
FROM (SELECT * FROM serving_hour_counts UNION ALL SELECT * FROM recent) AS c, newest AS n
WHERE c.hour BETWEEN n.hour - 47 AND n.hour
GROUP BY ALL;

-- What did not pass, by rule: contract and quality trouble (silver), and messages that were no events (bronze).
CREATE OR REPLACE TEMP VIEW serving_quarantine AS
(SELECT 'silver' AS layer, rule, field, count(*) AS events, any_value(reason) AS example, timezone('UTC', max(quarantined_at)) AS newest_at
 FROM silver_quarantine GROUP BY rule, field ORDER BY events DESC LIMIT 50)
UNION ALL
(SELECT 'bronze', reason, field, count(*) AS events, NULL, max(rejected_at)
 FROM bronze_rejects GROUP BY reason, field ORDER BY events DESC LIMIT 50);

CREATE OR REPLACE TEMP VIEW serving_runs AS
SELECT run_id, started_at, finished_at, state, error FROM runs ORDER BY started_at DESC LIMIT 50;

CREATE OR REPLACE TEMP VIEW serving_run_steps AS
SELECT * FROM run_steps WHERE run_id IN (SELECT run_id FROM serving_runs);

CREATE OR REPLACE TEMP VIEW serving_models AS
SELECT * FROM models ORDER BY trained_at DESC LIMIT 50;
