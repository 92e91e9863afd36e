-- Who answers for which events, and what their contracts promise in time: refine makes this view from the declarations.
CREATE VIEW silver_contracts AS SELECT * FROM (VALUES
    (0, '', NULL::VARCHAR, '', '', NULL::VARCHAR, NULL::VARCHAR, NULL::BIGINT, NULL::BIGINT, NULL::BIGINT)
) AS contracts(position, event_type, topic, contract_id, version, owner, support, freshness_seconds, latency_seconds, retention_seconds)
WHERE false;

-- The times of the events in Silver, where a contract promises something of them. Events of files have the topic ''.
CREATE TABLE silver_event_times (
    event_type VARCHAR NOT NULL, kafka_topic VARCHAR NOT NULL, oldest_event_at TIMESTAMPTZ,
    newest_event_at TIMESTAMPTZ -- NULL: all are more than five minutes ahead of the clock
);
