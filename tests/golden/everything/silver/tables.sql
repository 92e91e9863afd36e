CREATE TABLE IF NOT EXISTS silver_clean_events_rebuild (
    event_id VARCHAR USING COMPRESSION fsst,
    event_type VARCHAR USING COMPRESSION dictionary,
    source_system VARCHAR USING COMPRESSION dictionary,
    subscriber_id VARCHAR USING COMPRESSION fsst,
    event_timestamp TIMESTAMP,
    quality_score INTEGER,
    ingested_at TIMESTAMP,
    "kind" VARCHAR,
    "note" VARCHAR,
    reading_kwh DECIMAL(9,3),
    "tariff" DECIMAL(18,0),
    huge_number DECIMAL(18,2),
    phase_number TINYINT,
    serial_number BIGINT,
    level_number SMALLINT,
    is_on BOOLEAN,
    is_standby BOOLEAN,
    installed_on DATE,
    removed_on DATE,
    read_at TIMESTAMP,
    checked_at TIMESTAMP,
    place_json JSON,
    tag_list JSON,
    kafka_topic VARCHAR USING COMPRESSION dictionary,
    kafka_epoch INTEGER,
    kafka_partition INTEGER,
    kafka_offset BIGINT,
    kafka_timestamp TIMESTAMP,
    batch_id BIGINT
);
COMMENT ON COLUMN silver_clean_events_rebuild.event_id IS 'The event''s id; unique together with source_system and event_timestamp.';
COMMENT ON COLUMN silver_clean_events_rebuild.event_type IS 'The event type: which contract holds.';
COMMENT ON COLUMN silver_clean_events_rebuild.source_system IS 'The system that sent the event.';
COMMENT ON COLUMN silver_clean_events_rebuild.subscriber_id IS 'The subscriber.';
COMMENT ON COLUMN silver_clean_events_rebuild.event_timestamp IS 'When it happened, UTC.';
COMMENT ON COLUMN silver_clean_events_rebuild.quality_score IS 'The sender''s own estimate of the event''s quality, 0 to 100.';
COMMENT ON COLUMN silver_clean_events_rebuild.ingested_at IS 'When it landed in Bronze, UTC.';
COMMENT ON COLUMN silver_clean_events_rebuild.kafka_topic IS 'The topic, or the file.';
COMMENT ON COLUMN silver_clean_events_rebuild.kafka_epoch IS 'The incarnation of the topic.';
COMMENT ON COLUMN silver_clean_events_rebuild.kafka_partition IS 'The partition.';
COMMENT ON COLUMN silver_clean_events_rebuild.kafka_offset IS 'The offset: with topic, epoch and partition it names the message.';
COMMENT ON COLUMN silver_clean_events_rebuild.kafka_timestamp IS 'When it was sent, as the producer says, or when the broker received it (LogAppendTime), UTC.';
COMMENT ON COLUMN silver_clean_events_rebuild.batch_id IS 'The ingest commit that landed it.';
CREATE TABLE IF NOT EXISTS silver_quarantine_rebuild (
    event_id VARCHAR,
    event_type VARCHAR,
    source_system VARCHAR,
    subscriber_id VARCHAR,
    event_timestamp TIMESTAMP,
    quality_score INTEGER,
    ingested_at TIMESTAMP,
    rule VARCHAR,
    field VARCHAR,
    "value" VARCHAR,
    reason VARCHAR,
    violations JSON,
    raw_payload JSON,
    kafka_topic VARCHAR,
    kafka_epoch INTEGER,
    kafka_partition INTEGER,
    kafka_offset BIGINT,
    kafka_timestamp TIMESTAMP,
    batch_id BIGINT,
    quarantined_at TIMESTAMP,
    corrected_by VARCHAR
);
COMMENT ON COLUMN silver_quarantine_rebuild."rule" IS 'The first rule that the event broke, in the order of its contract.';
COMMENT ON COLUMN silver_quarantine_rebuild."field" IS 'The field that broke it.';
COMMENT ON COLUMN silver_quarantine_rebuild."value" IS 'The field''s value, as it came: its first 200 characters.';
COMMENT ON COLUMN silver_quarantine_rebuild."reason" IS 'The rule in words.';
COMMENT ON COLUMN silver_quarantine_rebuild."violations" IS 'All that it broke, when that is more than one: a list of rule, field, value, reason.';
COMMENT ON COLUMN silver_quarantine_rebuild.quarantined_at IS 'When the event came into the lake, UTC: a function of Bronze, so that a rebuild gives the same row.';
COMMENT ON COLUMN silver_quarantine_rebuild.corrected_by IS 'The message (topic, partition and offset) with the same source, id and time that is in Silver instead.';
CREATE TABLE IF NOT EXISTS silver_drift_rebuild (
    event_type VARCHAR,
    field VARCHAR,
    kind VARCHAR,
    events BIGINT,
    first_seen TIMESTAMP,
    last_seen TIMESTAMP,
    example VARCHAR
);
