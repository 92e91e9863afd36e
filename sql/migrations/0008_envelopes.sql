-- What fills Bronze's columns from the messages of a topic (contract/declarations.h: TopicEnvelope), a row for each change: it holds for the
-- batches above after_batch, up to the next row's. A topic without a row was read before there were envelopes: with Smelt's own.
CREATE TABLE ledger_envelopes (
    kafka_topic VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, envelope JSON NOT NULL, after_batch BIGINT NOT NULL, noted_at TIMESTAMPTZ NOT NULL
);
