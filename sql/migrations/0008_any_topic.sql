-- What fills Bronze's columns from the messages of a topic (contract/declarations.h: TopicEnvelope), a row for each change: it holds for the
-- batches above after_batch, up to the next row's. A topic without a row was read before there were envelopes: with Smelt's own.
CREATE TABLE ledger_envelopes (
    kafka_topic VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, envelope JSON NOT NULL, after_batch BIGINT NOT NULL, noted_at TIMESTAMPTZ NOT NULL
);

-- Gold can be of several entities. gold_entities and gold_columns say which, and what people call them: refine makes these views from the
-- declarations. Until it does, a lake that has a Gold has that of the one entity that there was.
ALTER TABLE refine_progress ADD COLUMN declared_sha256 VARCHAR;
CREATE VIEW gold_entities AS SELECT * FROM (VALUES
    (0, 'subscriber', 'subscribers', 'subscriber_id', 'VARCHAR', 'subscriber', 'subscribers', '', 'gold_subscriber_features', 'gold_features_base',
     'gold_features_fresh', 'gold_base', 'churn_label', 'risk of leaving', 'avg_bill_zmw', 'mean_bills', 'Revenue at risk', 'ZMW')
) AS entities(position, entity, plural, key_column, key_type, title, title_plural, description, features_view, features_base, features_delta,
    base_table, label, risk_title, value_feature, value_name, value_title, value_unit)
WHERE EXISTS (SELECT 1 FROM duckdb_views() WHERE view_name = 'gold_subscriber_features');
CREATE VIEW gold_columns AS SELECT * FROM (VALUES
    (0, 'subscriber', 'avg_bill_zmw', 'feature', 'avg_bill_zmw', 'mean bill', 'ZMW', '', 0, 1),
    (1, 'subscriber', 'max_days_overdue', 'feature', 'max_days_overdue', 'most days overdue', '', '', 0, 2),
    (2, 'subscriber', 'total_events', 'feature', 'total_events', 'events', '', '', 0, 3),
    (3, 'subscriber', 'avg_signal_dbm', 'feature', 'avg_signal_dbm', 'mean signal', 'dBm', '', 0, 4),
    (4, 'subscriber', 'avg_latency_ms', 'feature', 'avg_latency_ms', 'mean latency', 'ms', '', 0, 5),
    (5, 'subscriber', 'churn_label', 'label', 'churn_label', 'churn label', '', '', 0, 0)
) AS columns(position, entity, name, kind, feature, title, unit, description, days, list_position)
WHERE EXISTS (SELECT 1 FROM gold_entities);

-- Scores by the id of the first entity, whatever it is called.
DROP VIEW subscriber_scores;
ALTER TABLE scores_base RENAME COLUMN subscriber_id TO entity_id;
ALTER TABLE scores_fresh RENAME COLUMN subscriber_id TO entity_id;
CREATE VIEW entity_scores AS SELECT * FROM scores_base ANTI JOIN scores_fresh USING (entity_id) UNION ALL SELECT * FROM scores_fresh;
CREATE VIEW subscriber_scores AS SELECT entity_id AS subscriber_id, * EXCLUDE (entity_id) FROM entity_scores; -- its public name

-- Rules about many events: what each refine measured of the events that it added to Silver. The newest of each rule is in quality_state as well, so
-- that nothing reads the history to know how things are.
CREATE TABLE quality_history (
    measured_at TIMESTAMPTZ NOT NULL,
    after_batch BIGINT NOT NULL, -- of the events with after_batch < batch_id <= upto_batch
    upto_batch BIGINT NOT NULL,
    event_type VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    field VARCHAR NOT NULL, -- '' : of the whole event
    metric VARCHAR NOT NULL, -- nullValues, missingValues, invalidValues, duplicateValues, rowCount
    events BIGINT NOT NULL, -- of the type
    failed BIGINT NOT NULL, -- of them; of rowCount all that Silver has
    "value" DOUBLE NOT NULL, -- what is compared: failed, or percent of events
    must VARCHAR NOT NULL,
    holds BOOLEAN NOT NULL,
    severity VARCHAR NOT NULL -- error, warning
);
CREATE TABLE quality_state AS FROM quality_history;

-- Schemas of a registry, kept for ever since their ids never change: a lake can read its topics again when the registry is gone.
-- reference_texts: the schemas that it refers to, each before those that need it.
CREATE TABLE schemas (
    registry VARCHAR NOT NULL, schema_id BIGINT NOT NULL, schema_type VARCHAR NOT NULL, schema_text VARCHAR NOT NULL,
    reference_texts JSON NOT NULL, fetched_at TIMESTAMPTZ NOT NULL, PRIMARY KEY (registry, schema_id)
);

-- The bytes of an event that came in another encoding than JSON, with the prefix that has the id of its schema. NULL: it came as JSON.
ALTER TABLE bronze_raw_events ADD COLUMN raw_value BLOB;

CREATE OR REPLACE MACRO encoding_hint(bytes) AS CASE
    WHEN bytes[1:2] IN ('\xFF\xFE'::BLOB, '\xFE\xFF'::BLOB) OR bytes[1:4] IN ('{\x00"\x00'::BLOB, '\x00{\x00"'::BLOB) THEN 'UTF-16 text: the sender must write UTF-8'
    WHEN bytes[1:1] = '\x00'::BLOB AND octet_length(bytes) >= 5
        THEN 'begins with the prefix of a Schema Registry serializer: for Avro set kafka.format to avro'
    WHEN bytes[1:2] = '\x1F\x8B'::BLOB THEN 'compressed with gzip before it was sent: leave compression to the producer (compression.type)'
    WHEN bytes[1:4] = '\x28\xB5\x2F\xFD'::BLOB THEN 'compressed with zstd before it was sent: leave compression to the producer (compression.type)'
    WHEN bytes[1:3] = '\xEF\xBB\xBF'::BLOB THEN 'begins with a byte order mark: the sender must leave it out'
    WHEN bytes[1:4] = 'Obj\x01'::BLOB THEN 'an Avro file: the sender must write JSON'
    WHEN bytes[1:1] = '<'::BLOB THEN 'XML or HTML: the sender must write JSON'
    WHEN bytes[1:2] = '"{'::BLOB THEN 'JSON inside a JSON text: the sender has serialized it twice'
END;

-- What is known of a message that is no event. NULL: nothing.
CREATE MACRO schema_id_of(bytes) AS ('0x' || hex(bytes[2:5]))::BIGINT;
CREATE MACRO reject_hint(reason, bytes) AS CASE reason
    WHEN 'no_schema_id' THEN coalesce(encoding_hint(bytes), 'does not begin with the id of a schema: the sender must use a Schema Registry serializer')
    WHEN 'unknown_schema' THEN format('the schema registry has no schema with the id {}', schema_id_of(bytes))
    WHEN 'unusable_schema' THEN format('its schema, {}, cannot be used: the log of ingest says why', schema_id_of(bytes))
    WHEN 'not_avro' THEN format('its bytes do not fit its schema, {}', schema_id_of(bytes))
    WHEN 'not_a_number' THEN 'has a NaN or an infinite number, which JSON cannot say'
    ELSE encoding_hint(bytes)
END;
