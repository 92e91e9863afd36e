-- What readers see, as views over the lake. `publish` writes each into the snapshot as a table; a live server reads the views themselves.
-- Cost: a function of the subscribers and of the newest data. Counts come from the ledger or from count(*) without a filter (metadata);
-- Bronze is read from the batch on where the last publish ended (sql/serving/advance.sql), and DuckDB prunes by that bound.

-- One row a subscriber: Gold and the newest score.
CREATE OR REPLACE TEMP VIEW serving_subscribers AS
SELECT g.*, s.churn_probability, s.risk_band, s.reasons, s.model_id, s.scored_at
FROM gold_subscriber_features AS g LEFT JOIN subscriber_scores AS s ON s.subscriber_id = g.subscriber_id;

-- The newest event that a sane clock could have sent: what publish has seen, and the batches since.
CREATE OR REPLACE TEMP VIEW serving_newest AS
SELECT greatest(newest_event_at, (SELECT max(event_timestamp) FROM bronze_raw_events
                                  WHERE batch_id > (SELECT batch_id FROM serving_progress)
                                    AND event_timestamp <= now() + INTERVAL 5 MINUTE)) AS newest
FROM serving_progress;

-- One row: the way of every offset, and what waits.
CREATE OR REPLACE TEMP VIEW serving_pipeline AS
SELECT now() AS as_of,
       coalesce(sum(landed), 0)::BIGINT AS landed, coalesce(sum(duplicates), 0)::BIGINT AS duplicates,
       coalesce(sum(rejected), 0)::BIGINT AS rejected, coalesce(sum(gaps), 0)::BIGINT AS gaps,
       (SELECT count(*) FROM silver_clean_events) AS silver,
       (SELECT count(*) FROM silver_quarantine) AS quarantined,
       max(b.batch_id) AS newest_batch, max(committed_at) AS ingested_at,
       any_value(p.batch_id) AS refined_batch, any_value(p.refined_at) AS refined_at,
       coalesce(sum(landed) FILTER (WHERE b.batch_id > p.batch_id), 0)::BIGINT AS pending_events,
       min(committed_at) FILTER (WHERE b.batch_id > p.batch_id AND landed > 0) AS pending_since
FROM refine_progress AS p LEFT JOIN ledger_batches AS b ON true;

-- How fresh each layer is. Gold's rows are counted where its table is.
CREATE OR REPLACE TEMP VIEW serving_layers AS
SELECT 1 AS position, 'bronze' AS layer, landed AS row_count, n.newest AS newest_event_at, ingested_at AS updated_at
FROM serving_pipeline, serving_newest AS n
UNION ALL
SELECT 2, 'silver', silver,
       (SELECT timezone('UTC', max(event_timestamp)) FROM silver_clean_events
        WHERE event_timestamp >= (SELECT timezone('UTC', newest) - INTERVAL 2 DAY FROM serving_newest)
          AND event_timestamp <= timezone('UTC', now()) + INTERVAL 5 MINUTE),
       refined_at
FROM serving_pipeline
UNION ALL
SELECT 3, 'gold', NULL, NULL, refined_at FROM serving_pipeline
UNION ALL
SELECT 4, 'scores', count(*), NULL, max(scored_at) FROM subscriber_scores;

-- Events an hour by type, over the 48 hours up to the newest event.
CREATE OR REPLACE TEMP VIEW serving_hours AS
SELECT make_timestamptz(hour * 3600000000) AS hour, event_type, sum(events)::BIGINT AS events FROM (
    SELECT hour, event_type, events FROM serving_hour_counts
    UNION ALL
    SELECT epoch_us(event_timestamp) // 3600000000, coalesce(event_type, '(none)'), count(*) FROM bronze_raw_events
    WHERE batch_id > (SELECT batch_id FROM serving_progress) AND event_timestamp IS NOT NULL GROUP BY ALL)
WHERE hour BETWEEN (SELECT epoch_us(newest) // 3600000000 - 47 FROM serving_newest) AND (SELECT epoch_us(newest) // 3600000000 FROM serving_newest)
GROUP BY ALL;

-- What did not pass, by rule: contract and quality trouble (silver), and messages that were no events (bronze).
CREATE OR REPLACE TEMP VIEW serving_quarantine AS
(SELECT 'silver' AS layer, rule, field, count(*) AS events, any_value(reason) AS example, max(quarantined_at) AS newest_at
 FROM silver_quarantine GROUP BY rule, field ORDER BY events DESC LIMIT 50)
UNION ALL
(SELECT 'bronze', reason, field, count(*) AS events, NULL, max(rejected_at)
 FROM bronze_rejects GROUP BY reason, field ORDER BY events DESC LIMIT 50);

CREATE OR REPLACE TEMP VIEW serving_runs AS
SELECT run_id, started_at, finished_at, state, error FROM runs ORDER BY started_at DESC LIMIT 50;

CREATE OR REPLACE TEMP VIEW serving_run_steps AS
SELECT s.* FROM run_steps AS s WHERE s.run_id IN (SELECT run_id FROM serving_runs);

CREATE OR REPLACE TEMP VIEW serving_models AS
SELECT * FROM models ORDER BY trained_at DESC LIMIT 50;
