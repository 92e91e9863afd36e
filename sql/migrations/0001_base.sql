-- Bronze: every event as it came, once. Identity: (source_system, event_id, event_timestamp).
-- kafka_epoch counts the incarnations of a topic name: a topic that was deleted and recreated starts again at offset 0 under the next epoch.
-- batch_id numbers the ingest commits; refine remembers the last one that it has read.
-- The compressions are what DuckDB would choose, without the time that it takes to choose.
CREATE TABLE bronze_raw_events (
    event_id VARCHAR NOT NULL USING COMPRESSION fsst, event_type VARCHAR USING COMPRESSION dictionary,
    source_system VARCHAR NOT NULL USING COMPRESSION dictionary, subscriber_id VARCHAR USING COMPRESSION fsst, event_timestamp TIMESTAMPTZ,
    raw_payload JSON USING COMPRESSION fsst, quality_score INTEGER, ingested_at TIMESTAMPTZ NOT NULL,
    kafka_topic VARCHAR NOT NULL USING COMPRESSION dictionary, kafka_epoch INTEGER NOT NULL, kafka_partition INTEGER NOT NULL,
    kafka_offset BIGINT NOT NULL, kafka_timestamp TIMESTAMPTZ, batch_id BIGINT NOT NULL,
    extra_fields JSON -- envelope fields that we do not know; NULL when there are none
);
-- A redelivered copy of an event that Bronze already has.
CREATE TABLE bronze_duplicates (
    kafka_topic VARCHAR NOT NULL, kafka_epoch INTEGER NOT NULL, kafka_partition INTEGER NOT NULL, kafka_offset BIGINT NOT NULL,
    kafka_timestamp TIMESTAMPTZ, source_system VARCHAR NOT NULL, event_id VARCHAR NOT NULL, event_timestamp TIMESTAMPTZ, batch_id BIGINT NOT NULL
);
-- A message that is not an event: its bytes are kept.
CREATE TABLE bronze_rejects (
    kafka_topic VARCHAR NOT NULL, kafka_epoch INTEGER NOT NULL, kafka_partition INTEGER NOT NULL, kafka_offset BIGINT NOT NULL,
    kafka_timestamp TIMESTAMPTZ, reason VARCHAR NOT NULL, field VARCHAR, raw_value BLOB, batch_id BIGINT NOT NULL, rejected_at TIMESTAMPTZ NOT NULL
);
-- Offsets in [first_offset, next_offset) that Kafka will never deliver.
CREATE TABLE bronze_gaps (
    kafka_topic VARCHAR NOT NULL, kafka_epoch INTEGER NOT NULL, kafka_partition INTEGER NOT NULL, first_offset BIGINT NOT NULL,
    next_offset BIGINT NOT NULL, reason VARCHAR NOT NULL, batch_id BIGINT NOT NULL, noticed_at TIMESTAMPTZ NOT NULL
);
-- The ledger: how far each partition was read. Every offset in [start_offset, next_offset) is landed, duplicate, rejected or gap.
CREATE TABLE ledger_partitions (
    kafka_topic VARCHAR NOT NULL, kafka_epoch INTEGER NOT NULL, kafka_partition INTEGER NOT NULL, start_offset BIGINT NOT NULL,
    next_offset BIGINT NOT NULL, topic_id VARCHAR, cluster_id VARCHAR, updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (kafka_topic, kafka_epoch, kafka_partition)
);
CREATE TABLE ledger_batches (
    batch_id BIGINT NOT NULL, committed_at TIMESTAMPTZ NOT NULL, landed BIGINT NOT NULL, duplicates BIGINT NOT NULL, rejected BIGINT NOT NULL,
    gaps BIGINT NOT NULL
);
-- One row: the last Bronze batch that Silver and Gold contain, and the declarations they were made with.
CREATE TABLE refine_progress (
    batch_id BIGINT NOT NULL, contracts_sha256 VARCHAR, features_sha256 VARCHAR, refined_at TIMESTAMPTZ
);
INSERT INTO refine_progress VALUES (0, NULL, NULL, NULL);
-- History of `smelt run`.
CREATE TABLE runs (
    run_id VARCHAR NOT NULL PRIMARY KEY, started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ, state VARCHAR NOT NULL, error VARCHAR
);
CREATE TABLE run_steps (
    run_id VARCHAR NOT NULL, position INTEGER NOT NULL, name VARCHAR NOT NULL, state VARCHAR NOT NULL, attempts INTEGER NOT NULL,
    started_at TIMESTAMPTZ, seconds DOUBLE, summary JSON, error VARCHAR
);
-- Model registry and the newest score of each subscriber.
CREATE TABLE models (
    model_id VARCHAR NOT NULL PRIMARY KEY, trained_at TIMESTAMPTZ NOT NULL, file VARCHAR NOT NULL, label_source VARCHAR NOT NULL,
    training_rows BIGINT NOT NULL, auc DOUBLE, pr_auc DOUBLE, log_loss DOUBLE, watermark TIMESTAMP, metadata JSON NOT NULL
);
CREATE TABLE subscriber_scores (
    subscriber_id VARCHAR NOT NULL, churn_probability DOUBLE NOT NULL, risk_band VARCHAR NOT NULL, reasons JSON, model_id VARCHAR NOT NULL,
    scored_at TIMESTAMPTZ NOT NULL
);
