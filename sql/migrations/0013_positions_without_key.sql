-- The positions without a primary key. When a COMMIT fails (the log cannot be written), DuckDB 1.5 takes back the DELETE and the INSERT of one key in
-- the wrong order: the process aborts, or the index keeps a row that is gone and loses the next one. One writer, which deletes what it writes again
-- in the same transaction (sql/ledger/forget_positions.sql), keeps them unique; the audit notices if they are not.
CREATE TEMP TABLE kept_positions AS SELECT * FROM ledger_partitions;
DROP TABLE ledger_partitions;
CREATE TABLE ledger_partitions (
    kafka_topic VARCHAR NOT NULL, kafka_epoch INTEGER NOT NULL, kafka_partition INTEGER NOT NULL, start_offset BIGINT NOT NULL,
    next_offset BIGINT NOT NULL, topic_id VARCHAR, cluster_id VARCHAR, updated_at TIMESTAMPTZ NOT NULL, last_offset BIGINT, leader_epoch INTEGER,
    last_timestamp TIMESTAMPTZ
);
INSERT INTO ledger_partitions BY NAME SELECT * FROM kept_positions;
DROP TABLE kept_positions;
