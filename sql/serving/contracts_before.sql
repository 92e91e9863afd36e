-- Of a snapshot that was written before it had the contracts: none.
CREATE OR REPLACE TEMP VIEW serving_contracts AS SELECT * FROM (VALUES
    (0, '', NULL::VARCHAR, '', '', NULL::VARCHAR, NULL::VARCHAR, NULL::BIGINT, NULL::BIGINT, NULL::BIGINT, NULL::TIMESTAMPTZ, NULL::TIMESTAMPTZ, 0::BIGINT)
) AS contracts(position, event_type, topic, contract_id, version, owner, support, freshness_seconds, latency_seconds, retention_seconds,
    oldest_event_at, newest_event_at, quarantined)
WHERE false;
