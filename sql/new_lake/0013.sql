-- when: SELECT count(*) FROM duckdb_databases() WHERE database_name = current_database() AND tags['storage_version'] <> 'v1.0.0+'
-- A new lake at version 13 at once: the tables, views and macros that sql/migrations/0001 to 0013 make one after the other, which say what they are
-- for. Later migrations follow as in any lake. A file that an earlier version made and left empty (see above) gets all migrations.
CREATE TABLE bronze_raw_events (
    event_id VARCHAR NOT NULL USING COMPRESSION fsst, event_type VARCHAR USING COMPRESSION dictionary,
    source_system VARCHAR NOT NULL USING COMPRESSION dictionary, subscriber_id VARCHAR USING COMPRESSION fsst, event_timestamp TIMESTAMPTZ,
    raw_payload JSON USING COMPRESSION zstd, quality_score INTEGER, ingested_at TIMESTAMPTZ NOT NULL,
    kafka_topic VARCHAR NOT NULL USING COMPRESSION dictionary, kafka_epoch INTEGER NOT NULL, kafka_partition INTEGER NOT NULL,
    kafka_offset BIGINT NOT NULL, kafka_timestamp TIMESTAMPTZ, batch_id BIGINT NOT NULL, extra_fields JSON, conflict BOOLEAN, raw_value BLOB
);
CREATE TABLE bronze_duplicates (
    kafka_topic VARCHAR NOT NULL, kafka_epoch INTEGER NOT NULL, kafka_partition INTEGER NOT NULL, kafka_offset BIGINT NOT NULL,
    kafka_timestamp TIMESTAMPTZ, source_system VARCHAR NOT NULL, event_id VARCHAR NOT NULL, event_timestamp TIMESTAMPTZ, batch_id BIGINT NOT NULL
);
CREATE TABLE bronze_rejects (
    kafka_topic VARCHAR NOT NULL, kafka_epoch INTEGER NOT NULL, kafka_partition INTEGER NOT NULL, kafka_offset BIGINT NOT NULL,
    kafka_timestamp TIMESTAMPTZ, reason VARCHAR NOT NULL, field VARCHAR, raw_value BLOB, batch_id BIGINT NOT NULL, rejected_at TIMESTAMPTZ NOT NULL,
    kafka_key BLOB, kafka_headers JSON
);
CREATE TABLE bronze_gaps (
    kafka_topic VARCHAR NOT NULL, kafka_epoch INTEGER NOT NULL, kafka_partition INTEGER NOT NULL, first_offset BIGINT NOT NULL,
    next_offset BIGINT NOT NULL, reason VARCHAR NOT NULL, batch_id BIGINT NOT NULL, noticed_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE bronze_keys (
    kafka_topic VARCHAR NOT NULL, kafka_epoch INTEGER NOT NULL, kafka_partition INTEGER NOT NULL, kafka_offset BIGINT NOT NULL, kafka_key BLOB,
    kafka_headers JSON, batch_id BIGINT NOT NULL
);
CREATE TABLE ledger_partitions (
    kafka_topic VARCHAR NOT NULL, kafka_epoch INTEGER NOT NULL, kafka_partition INTEGER NOT NULL, start_offset BIGINT NOT NULL,
    next_offset BIGINT NOT NULL, topic_id VARCHAR, cluster_id VARCHAR, updated_at TIMESTAMPTZ NOT NULL, last_offset BIGINT, leader_epoch INTEGER,
    last_timestamp TIMESTAMPTZ
);
CREATE TABLE ledger_batches (
    batch_id BIGINT NOT NULL, committed_at TIMESTAMPTZ NOT NULL, landed BIGINT NOT NULL, duplicates BIGINT NOT NULL, rejected BIGINT NOT NULL,
    gaps BIGINT NOT NULL
);
CREATE TABLE ledger_envelopes (
    kafka_topic VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, envelope JSON NOT NULL, after_batch BIGINT NOT NULL, noted_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE schemas (
    registry VARCHAR NOT NULL, schema_id BIGINT NOT NULL, schema_type VARCHAR NOT NULL, schema_text VARCHAR NOT NULL, reference_texts JSON NOT NULL,
    fetched_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE refine_progress (
    batch_id BIGINT NOT NULL, contracts_sha256 VARCHAR, features_sha256 VARCHAR, refined_at TIMESTAMPTZ, declared_sha256 VARCHAR
);
INSERT INTO refine_progress (batch_id) VALUES (0);
CREATE TABLE runs (run_id VARCHAR NOT NULL, started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ, state VARCHAR NOT NULL, error VARCHAR);
CREATE TABLE run_steps (
    run_id VARCHAR NOT NULL, position INTEGER NOT NULL, name VARCHAR NOT NULL, state VARCHAR NOT NULL, attempts INTEGER NOT NULL,
    started_at TIMESTAMPTZ, seconds DOUBLE, summary JSON, error VARCHAR
);
CREATE TABLE models (
    model_id VARCHAR NOT NULL, trained_at TIMESTAMPTZ NOT NULL, file VARCHAR NOT NULL, label_source VARCHAR NOT NULL, training_rows BIGINT NOT NULL,
    auc DOUBLE, pr_auc DOUBLE, log_loss DOUBLE, watermark TIMESTAMP, metadata JSON NOT NULL, promoted_at TIMESTAMPTZ, note VARCHAR
);
CREATE TABLE scores_base (
    entity_id VARCHAR NOT NULL, churn_probability DOUBLE NOT NULL, risk_band VARCHAR NOT NULL, reasons JSON, model_id VARCHAR NOT NULL,
    scored_at TIMESTAMPTZ NOT NULL, log_odds DOUBLE, reasons_bias DOUBLE, reasons_rest DOUBLE
);
CREATE TABLE scores_fresh (
    entity_id VARCHAR NOT NULL, churn_probability DOUBLE NOT NULL, risk_band VARCHAR NOT NULL, reasons JSON, model_id VARCHAR NOT NULL,
    scored_at TIMESTAMPTZ NOT NULL, log_odds DOUBLE, reasons_bias DOUBLE, reasons_rest DOUBLE
);
CREATE VIEW entity_scores AS SELECT * FROM scores_base ANTI JOIN scores_fresh USING (entity_id) UNION ALL SELECT * FROM scores_fresh;
CREATE VIEW subscriber_scores AS SELECT entity_id AS subscriber_id, * EXCLUDE (entity_id) FROM entity_scores;
CREATE TABLE scores_progress (model_id VARCHAR, features_id UUID, batch_id BIGINT, as_of INTEGER, scores_id UUID);
INSERT INTO scores_progress (model_id) VALUES (NULL);
CREATE TABLE score_changes (
    scored_at TIMESTAMPTZ NOT NULL, entity_id VARCHAR NOT NULL, probability_before DOUBLE, band_before VARCHAR, churn_probability DOUBLE NOT NULL, risk_band VARCHAR NOT NULL,
    model_id VARCHAR NOT NULL
);
CREATE TABLE serving_hour_counts (hour BIGINT NOT NULL, event_type VARCHAR NOT NULL, events BIGINT NOT NULL);
CREATE TABLE serving_progress (batch_id BIGINT NOT NULL, newest_event_at TIMESTAMPTZ);
INSERT INTO serving_progress (batch_id) VALUES (0);
CREATE TABLE lake_identity (lake_id VARCHAR NOT NULL, generation BIGINT NOT NULL, made_at TIMESTAMPTZ NOT NULL, smelt_version VARCHAR);
INSERT INTO lake_identity (lake_id, generation, made_at) VALUES (uuid()::VARCHAR, 1, now());
CREATE TABLE lake_notes (version INTEGER NOT NULL, note VARCHAR NOT NULL);
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
CREATE TABLE quality_hours (
    layer VARCHAR NOT NULL, hour BIGINT NOT NULL, rule VARCHAR NOT NULL, field VARCHAR NOT NULL, event_type VARCHAR NOT NULL, "source" VARCHAR NOT NULL,
    events BIGINT NOT NULL
);
CREATE TABLE quality_progress (silver_batch BIGINT NOT NULL, bronze_batch BIGINT NOT NULL, contracts_sha256 VARCHAR, merged_rows BIGINT NOT NULL);
INSERT INTO quality_progress (silver_batch, bronze_batch, contracts_sha256, merged_rows) VALUES (-1, -1, NULL, 0);
CREATE TABLE history (
    made_at TIMESTAMPTZ NOT NULL, generation BIGINT NOT NULL,
    total BIGINT, scored BIGINT, high BIGINT, medium BIGINT, low BIGINT, at_risk BIGINT, "value" DOUBLE, value_at_risk DOUBLE, -- of the first entity
    landed BIGINT, duplicates BIGINT, rejected BIGINT, gaps BIGINT, conflicts BIGINT, silver BIGINT, quarantined BIGINT, pending BIGINT,
    arrival_p50_s DOUBLE, arrival_p95_s DOUBLE, -- from a record's time to Bronze, of what came since the generation before
    publish_p50_s DOUBLE, publish_p95_s DOUBLE, -- from a record's time to this generation
    model_id VARCHAR, contracts_sha256 VARCHAR, features_sha256 VARCHAR, smelt_version VARCHAR
);
CREATE TABLE inflow_bands (hour BIGINT NOT NULL, low DOUBLE, median DOUBLE, high DOUBLE, weeks BIGINT NOT NULL);
CREATE TABLE feature_stats (
    entity VARCHAR NOT NULL, name VARCHAR NOT NULL, base_id VARCHAR NOT NULL, computed_at TIMESTAMPTZ NOT NULL, entities BIGINT NOT NULL,
    sampled BIGINT NOT NULL, known BIGINT NOT NULL, -- of those sampled
    mean DOUBLE, least DOUBLE, p05 DOUBLE, p25 DOUBLE, p50 DOUBLE, p75 DOUBLE, p95 DOUBLE, most DOUBLE
);
CREATE VIEW model_declared AS SELECT NULL::VARCHAR AS name, NULL::VARCHAR AS "value" WHERE false;
CREATE TABLE model_progress (
    days_sha256 VARCHAR, batch_id BIGINT NOT NULL, events BIGINT NOT NULL, without_arrival BIGINT NOT NULL, loaded_late BIGINT NOT NULL,
    first_day INTEGER, end_day INTEGER, newest DATE, updated_on DATE
);
INSERT INTO model_progress (batch_id, events, without_arrival, loaded_late) VALUES (0, 0, 0, 0);
CREATE TABLE model_predictions (
    model_id VARCHAR NOT NULL, as_of INTEGER NOT NULL, entity_id VARCHAR NOT NULL, probability FLOAT NOT NULL, called BOOLEAN NOT NULL
);
CREATE TABLE model_outcomes (
    model_id VARCHAR NOT NULL, as_of INTEGER NOT NULL, measured_at TIMESTAMPTZ NOT NULL, rows BIGINT NOT NULL, positives BIGINT NOT NULL,
    called BIGINT NOT NULL, called_positives BIGINT NOT NULL, decile BIGINT NOT NULL, decile_positives BIGINT NOT NULL, auc DOUBLE, mean_probability DOUBLE
);
CREATE TABLE model_drift (model_id VARCHAR NOT NULL, as_of INTEGER NOT NULL, feature VARCHAR NOT NULL, psi DOUBLE);
CREATE VIEW silver_contracts AS SELECT * FROM (VALUES
    (0, '', NULL::VARCHAR, '', '', NULL::VARCHAR, NULL::VARCHAR, NULL::BIGINT, NULL::BIGINT, NULL::BIGINT)
) AS contracts(position, event_type, topic, contract_id, version, owner, support, freshness_seconds, latency_seconds, retention_seconds)
WHERE false;
CREATE TABLE silver_event_times (
    event_type VARCHAR NOT NULL, kafka_topic VARCHAR NOT NULL, oldest_event_at TIMESTAMPTZ,
    newest_event_at TIMESTAMPTZ -- NULL: all are more than five minutes ahead of the clock
);
CREATE TABLE column_owners (
    column_name VARCHAR NOT NULL,
    event_type VARCHAR NOT NULL,
    topic VARCHAR NOT NULL, -- '': the contract holds for any
    property VARCHAR NOT NULL -- of the payload, as in the message
);
CREATE MACRO encoding_hint(bytes) AS CASE
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
CREATE MACRO schema_id_of(bytes) AS ('0x' || hex(bytes[2:5]))::BIGINT;
CREATE MACRO reject_hint(reason, bytes) AS CASE reason
    WHEN 'no_schema_id' THEN coalesce(encoding_hint(bytes), 'does not begin with the id of a schema: the sender must use a Schema Registry serializer')
    WHEN 'unknown_schema' THEN format('the schema registry has no schema with the id {}', schema_id_of(bytes))
    WHEN 'unusable_schema' THEN format('its schema, {}, cannot be used: the log of ingest says why', schema_id_of(bytes))
    WHEN 'not_avro' THEN format('its bytes do not fit its schema, {}', schema_id_of(bytes))
    WHEN 'not_a_number' THEN 'has a NaN or an infinite number, which JSON cannot say'
    ELSE encoding_hint(bytes)
END;
