-- What readers see, as views over the lake. `publish` writes them into the snapshot as tables; a live server reads the views themselves.
-- Their cost depends on the number of entities and on the newest data only. Counts come from the ledger or from count(*) without a filter
-- (metadata); Bronze is read after the batch where the last publish ended (sql/serving/advance.sql), and DuckDB prunes by that bound.

-- Base and delta of the entity of the model, which a snapshot has as two tables.
CREATE OR REPLACE TEMP VIEW serving_entities_base AS
SELECT g.* EXCLUDE (refined_batch), s.churn_probability, s.risk_band, s.reasons, s.model_id, s.scored_at, s.log_odds, s.reasons_bias, s.reasons_rest
FROM {{base}} AS g LEFT JOIN entity_scores AS s ON s.entity_id = g.{{key}}::VARCHAR;

-- A row in the delta of the features usually has a score in the delta too: scores_base is read only for those that have none there, so
-- mostly not at all.
CREATE OR REPLACE TEMP VIEW serving_entities_fresh AS
SELECT g.* EXCLUDE (refined_batch), s.churn_probability, s.risk_band, s.reasons, s.model_id, s.scored_at, s.log_odds, s.reasons_bias, s.reasons_rest
FROM {{delta}} AS g LEFT JOIN (
    SELECT * FROM scores_fresh
    UNION ALL
    SELECT * FROM scores_base WHERE entity_id IN (SELECT {{key}}::VARCHAR FROM {{delta}} AS f ANTI JOIN scores_fresh AS n ON n.entity_id = f.{{key}}::VARCHAR)
) AS s ON s.entity_id = g.{{key}}::VARCHAR;

CREATE OR REPLACE TEMP VIEW serving_gold AS SELECT * FROM {{view}};

-- One row per entity: Gold and the newest score.
CREATE OR REPLACE TEMP VIEW serving_entities AS
SELECT g.*, s.churn_probability, s.risk_band, s.reasons, s.model_id, s.scored_at, s.log_odds, s.reasons_bias, s.reasons_rest
FROM {{view}} AS g LEFT JOIN entity_scores AS s ON s.entity_id = g.{{key}}::VARCHAR;

-- One row. A view of its own, since a publish may know it already (sql/publish/scores.sql).
CREATE OR REPLACE TEMP VIEW serving_scores AS SELECT count(*) AS scores, max(scored_at) AS scored_at FROM entity_scores;

-- One row: what became of the offsets, what is pending, and when each layer was updated. An event time in the future does not count as newest.
-- One-row queries side by side: as scalar subqueries the same takes DuckDB's planner ten times as long.
CREATE OR REPLACE TEMP VIEW serving_pipeline AS
SELECT now() AS as_of, ledger.*, refined.refined_at, scores.*, greatest(progress.newest_event_at, recent.newest) AS newest_event_at,
       silver.silver, quarantine.quarantined
FROM (SELECT coalesce(sum(landed), 0)::BIGINT AS landed, coalesce(sum(duplicates), 0)::BIGINT AS duplicates,
             coalesce(sum(rejected), 0)::BIGINT AS rejected, coalesce(sum(gaps), 0)::BIGINT AS gaps, max(committed_at) AS ingested_at,
             coalesce(sum(landed) FILTER (WHERE b.batch_id > r.batch_id), 0)::BIGINT AS pending_events,
             min(committed_at) FILTER (WHERE b.batch_id > r.batch_id AND landed > 0) AS pending_since
      FROM ledger_batches AS b, refine_progress AS r) AS ledger,
     (SELECT refined_at FROM refine_progress) AS refined,
     serving_scores AS scores,
     (SELECT newest_event_at FROM serving_progress) AS progress,
     (SELECT max(event_timestamp) AS newest FROM bronze_raw_events
      WHERE batch_id > (SELECT batch_id FROM serving_progress) AND event_timestamp <= now() + INTERVAL 5 MINUTE) AS recent,
     (SELECT count(*) AS silver FROM silver_clean_events) AS silver,
     (SELECT count(*) AS quarantined FROM silver_quarantine) AS quarantine;

-- Events per hour and type, over the 48 hours up to the newest event. Types are what strangers send: the 20 with most events have their names, the
-- others are one.
CREATE OR REPLACE TEMP VIEW serving_hours AS
WITH recent AS MATERIALIZED (
    SELECT epoch_us(event_timestamp) // 3600000000 AS hour, coalesce(event_type, '(none)') AS event_type, count(*) AS events
    FROM bronze_raw_events WHERE batch_id > (SELECT batch_id FROM serving_progress) AND event_timestamp IS NOT NULL GROUP BY ALL),
newest AS (
    SELECT greatest(epoch_us(p.newest_event_at) // 3600000000, r.hour) AS hour
    FROM serving_progress AS p, (SELECT max(hour) AS hour FROM recent WHERE hour <= epoch_us(now()) // 3600000000) AS r),
counts AS MATERIALIZED (
    SELECT c.hour, event_type, sum(events)::BIGINT AS events
    FROM (SELECT * FROM serving_hour_counts UNION ALL SELECT * FROM recent) AS c, newest AS n
    WHERE c.hour > n.hour - 48 AND c.hour <= n.hour
    GROUP BY ALL),
named AS (SELECT event_type FROM counts WHERE strlen(event_type) <= 64 GROUP BY event_type ORDER BY sum(events) DESC, event_type LIMIT 20)
SELECT make_timestamptz(c.hour * 3600000000) AS hour, coalesce(t.event_type, '(other)') AS event_type, sum(c.events)::BIGINT AS events
FROM counts AS c LEFT JOIN named AS t ON t.event_type = c.event_type
GROUP BY ALL;

-- What the contracts promise and what there is of it. An event type with one contract is that contract's, whatever topic its events are of; with
-- several, each has those of its topic.
CREATE OR REPLACE TEMP VIEW serving_contracts AS
WITH contracts AS (SELECT *, count(*) OVER (PARTITION BY event_type) = 1 AS alone FROM silver_contracts),
quarantined AS (SELECT event_type, kafka_topic, count(*) AS events FROM silver_quarantine GROUP BY ALL)
SELECT c.position, c.event_type, c.topic, c.contract_id, c.version, c.owner, c.support, c.freshness_seconds, c.latency_seconds, c.retention_seconds,
       (SELECT min(oldest_event_at) FROM silver_event_times AS t WHERE t.event_type = c.event_type AND (c.alone OR t.kafka_topic = c.topic)) AS oldest_event_at,
       (SELECT max(newest_event_at) FROM silver_event_times AS t WHERE t.event_type = c.event_type AND (c.alone OR t.kafka_topic = c.topic)) AS newest_event_at,
       (SELECT coalesce(sum(events), 0)::BIGINT FROM quarantined AS q WHERE q.event_type = c.event_type AND (c.alone OR q.kafka_topic = c.topic)) AS quarantined
FROM contracts AS c;

-- What did not pass, by rule: events that broke their contract (silver), and messages that are not events (bronze). owners: of their contracts,
-- as JSON, since nested columns are what DuckDB fails at (docs/decisions/0010).
CREATE OR REPLACE TEMP VIEW serving_quarantine AS
(SELECT 'silver' AS layer, rule, field, sum(events)::BIGINT AS events, any_value(example) AS example, timezone('UTC', max(newest_at)) AS newest_at,
        to_json(nullif(list_sort(list_distinct(flatten(list(owners)))), [])) AS owners
 FROM (SELECT rule, field, event_type, kafka_topic, count(*) AS events, any_value(reason) AS example, max(quarantined_at) AS newest_at,
              (SELECT list(owner) FROM silver_contracts AS c WHERE owner IS NOT NULL AND c.event_type = q.event_type) AS owners
       FROM silver_quarantine AS q GROUP BY ALL)
 GROUP BY rule, field ORDER BY events DESC LIMIT 50)
UNION ALL
(SELECT 'bronze', k.reason, k.field, k.events, concat_ws(': ', reject_hint(k.reason, CASE WHEN k.reason IN ('not_json', 'not_utf8', 'unknown_schema', 'unusable_schema', 'not_avro') OR r.raw_value[1:1] <> '\x00'::BLOB THEN r.raw_value END), r.raw_value[1:100]::VARCHAR), timezone('UTC', k.newest_at),
        (SELECT to_json(list_sort(list(DISTINCT owner))) FROM silver_contracts AS c WHERE owner IS NOT NULL AND c.topic = r.kafka_topic)
 FROM (SELECT reason, field, count(*) AS events, max(rejected_at) AS newest_at, max(rowid) AS newest
       FROM bronze_rejects GROUP BY reason, field ORDER BY events DESC LIMIT 50) AS k
     JOIN bronze_rejects AS r ON r.rowid = k.newest);

CREATE OR REPLACE TEMP VIEW serving_runs AS
SELECT run_id, started_at, finished_at, state, error FROM runs ORDER BY started_at DESC, run_id DESC LIMIT 1000;

CREATE OR REPLACE TEMP VIEW serving_run_steps AS
SELECT * FROM run_steps WHERE run_id IN (SELECT run_id FROM serving_runs);

CREATE OR REPLACE TEMP VIEW serving_models AS
SELECT * FROM models ORDER BY promoted_at DESC NULLS LAST, trained_at DESC LIMIT 50;

-- The pieces of each hour as one.
CREATE OR REPLACE TEMP VIEW serving_quality_hours AS
SELECT layer, hour, rule, field, event_type, "source", sum(events)::BIGINT AS events FROM quality_hours GROUP BY ALL;

-- The gaps that had messages, as in sql/ledger/losses.sql: the newest thousand, and how many offsets all of them have.
CREATE OR REPLACE TEMP VIEW serving_losses AS
SELECT kafka_topic AS topic, kafka_epoch AS epoch, kafka_partition AS "partition", first_offset, next_offset, reason, noticed_at,
       (sum(next_offset - first_offset) OVER ())::BIGINT AS lost_in_all
FROM bronze_gaps WHERE reason IN ('lost', 'retention', 'unreadable')
ORDER BY noticed_at DESC, topic, epoch, "partition", first_offset LIMIT 1000;

-- How much came in each commit, of the last two days.
CREATE OR REPLACE TEMP VIEW serving_batches AS
SELECT * FROM ledger_batches WHERE committed_at > now() - INTERVAL 2 DAY;

-- What was measured of the rules about many events, of the last 30 days.
CREATE OR REPLACE TEMP VIEW serving_quality_history AS
SELECT * FROM quality_history WHERE measured_at > now() - INTERVAL 30 DAY;
