-- Tables without keys, and so without indexes. When a COMMIT fails (the log cannot be written), DuckDB 1.5 takes back the DELETE and the INSERT of one key
-- in the wrong order: the process aborts, or the index keeps a row that is gone and loses the next one. And no query reads an index to its end, so
-- nobody notices that a block of it is damaged before the next row is written. What keeps the rows unique: one writer, which deletes the positions
-- that it writes again in the same transaction (sql/ledger/forget_positions.sql; the audit notices if they are not), names runs and models by their
-- time, and stores a schema that is not there yet.
CREATE TEMP TABLE kept AS SELECT * FROM ledger_partitions;
DROP TABLE ledger_partitions;
CREATE TABLE ledger_partitions (
    kafka_topic VARCHAR NOT NULL, kafka_epoch INTEGER NOT NULL, kafka_partition INTEGER NOT NULL, start_offset BIGINT NOT NULL,
    next_offset BIGINT NOT NULL, topic_id VARCHAR, cluster_id VARCHAR, updated_at TIMESTAMPTZ NOT NULL, last_offset BIGINT, leader_epoch INTEGER,
    last_timestamp TIMESTAMPTZ
);
INSERT INTO ledger_partitions BY NAME SELECT * FROM kept;

CREATE OR REPLACE TEMP TABLE kept AS SELECT * FROM models;
DROP TABLE models;
CREATE TABLE models (
    model_id VARCHAR NOT NULL, trained_at TIMESTAMPTZ NOT NULL, file VARCHAR NOT NULL, label_source VARCHAR NOT NULL, training_rows BIGINT NOT NULL,
    auc DOUBLE, pr_auc DOUBLE, log_loss DOUBLE, watermark TIMESTAMP, metadata JSON NOT NULL, promoted_at TIMESTAMPTZ, note VARCHAR
);
INSERT INTO models BY NAME SELECT * FROM kept;

CREATE OR REPLACE TEMP TABLE kept AS SELECT * FROM runs;
DROP TABLE runs;
CREATE TABLE runs (run_id VARCHAR NOT NULL, started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ, state VARCHAR NOT NULL, error VARCHAR);
INSERT INTO runs BY NAME SELECT * FROM kept;

CREATE OR REPLACE TEMP TABLE kept AS SELECT * FROM schemas;
DROP TABLE schemas;
CREATE TABLE schemas (
    registry VARCHAR NOT NULL, schema_id BIGINT NOT NULL, schema_type VARCHAR NOT NULL, schema_text VARCHAR NOT NULL, reference_texts JSON NOT NULL,
    fetched_at TIMESTAMPTZ NOT NULL
);
INSERT INTO schemas BY NAME SELECT * FROM kept;
DROP TABLE kept;
