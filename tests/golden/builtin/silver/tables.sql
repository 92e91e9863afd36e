CREATE TABLE IF NOT EXISTS silver_clean_events (
    event_id VARCHAR USING COMPRESSION fsst,
    event_type VARCHAR USING COMPRESSION dictionary,
    source_system VARCHAR USING COMPRESSION dictionary,
    subscriber_id VARCHAR USING COMPRESSION fsst,
    event_timestamp TIMESTAMP,
    quality_score INTEGER,
    ingested_at TIMESTAMP,
    bss_plan VARCHAR,
    bss_data_used_mb INTEGER,
    bss_bill_zmw DECIMAL(18,2),
    bss_payment_status VARCHAR USING COMPRESSION dictionary,
    bss_days_overdue INTEGER,
    oss_tower_id VARCHAR,
    oss_signal_dbm INTEGER,
    oss_latency_ms INTEGER,
    oss_packet_loss_pct DECIMAL(9,6),
    iot_location VARCHAR,
    iot_battery_pct INTEGER,
    iot_connection_type VARCHAR,
    kafka_topic VARCHAR USING COMPRESSION dictionary,
    kafka_epoch INTEGER,
    kafka_partition INTEGER,
    kafka_offset BIGINT,
    kafka_timestamp TIMESTAMP,
    batch_id BIGINT
);
COMMENT ON COLUMN silver_clean_events.event_id IS 'The event''s id; unique together with source_system and event_timestamp.';
COMMENT ON COLUMN silver_clean_events.event_type IS 'The event type: which contract holds.';
COMMENT ON COLUMN silver_clean_events.source_system IS 'The system that sent the event.';
COMMENT ON COLUMN silver_clean_events.subscriber_id IS 'The subscriber.';
COMMENT ON COLUMN silver_clean_events.event_timestamp IS 'When it happened, UTC.';
COMMENT ON COLUMN silver_clean_events.quality_score IS 'The sender''s own estimate of the event''s quality, 0 to 100.';
COMMENT ON COLUMN silver_clean_events.ingested_at IS 'When it landed in Bronze, UTC.';
COMMENT ON COLUMN silver_clean_events.bss_plan IS 'Tariff plan; new plans come without notice.';
COMMENT ON COLUMN silver_clean_events.bss_data_used_mb IS 'Data used in the billing period, in megabytes.';
COMMENT ON COLUMN silver_clean_events.bss_bill_zmw IS 'The bill, in Zambian kwacha with at most two decimals.';
COMMENT ON COLUMN silver_clean_events.bss_payment_status IS 'State of the payment.';
COMMENT ON COLUMN silver_clean_events.bss_days_overdue IS 'Days since the bill was due; 0 when it is not overdue.';
COMMENT ON COLUMN silver_clean_events.oss_tower_id IS 'The cell tower.';
COMMENT ON COLUMN silver_clean_events.oss_signal_dbm IS 'Signal strength in dBm; -50 is excellent, -110 hardly usable.';
COMMENT ON COLUMN silver_clean_events.oss_latency_ms IS 'Round-trip time in milliseconds.';
COMMENT ON COLUMN silver_clean_events.oss_packet_loss_pct IS 'Lost packets in percent.';
COMMENT ON COLUMN silver_clean_events.iot_location IS 'City or site of the device.';
COMMENT ON COLUMN silver_clean_events.iot_battery_pct IS 'Battery charge in percent.';
COMMENT ON COLUMN silver_clean_events.iot_connection_type IS 'How the device is connected, for example 4G.';
COMMENT ON COLUMN silver_clean_events.kafka_topic IS 'The topic, or the file.';
COMMENT ON COLUMN silver_clean_events.kafka_epoch IS 'The incarnation of the topic.';
COMMENT ON COLUMN silver_clean_events.kafka_partition IS 'The partition.';
COMMENT ON COLUMN silver_clean_events.kafka_offset IS 'The offset: with topic, epoch and partition it names the message.';
COMMENT ON COLUMN silver_clean_events.kafka_timestamp IS 'When it was sent, as the producer says, or when the broker received it (LogAppendTime), UTC.';
COMMENT ON COLUMN silver_clean_events.batch_id IS 'The ingest commit that landed it.';
CREATE TABLE IF NOT EXISTS silver_quarantine (
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
COMMENT ON COLUMN silver_quarantine."rule" IS 'The first rule that the event broke, in the order of its contract.';
COMMENT ON COLUMN silver_quarantine."field" IS 'The field that broke it.';
COMMENT ON COLUMN silver_quarantine."value" IS 'The field''s value, as it came: its first 200 characters.';
COMMENT ON COLUMN silver_quarantine."reason" IS 'The rule in words.';
COMMENT ON COLUMN silver_quarantine."violations" IS 'All that it broke, when that is more than one: a list of rule, field, value, reason.';
COMMENT ON COLUMN silver_quarantine.quarantined_at IS 'When the event came into the lake, UTC: a function of Bronze, so that a rebuild gives the same row.';
COMMENT ON COLUMN silver_quarantine.corrected_by IS 'The message (topic, partition and offset) with the same source, id and time that is in Silver instead.';
CREATE TABLE IF NOT EXISTS silver_drift (
    event_type VARCHAR,
    field VARCHAR,
    kind VARCHAR,
    events BIGINT,
    first_seen TIMESTAMP,
    last_seen TIMESTAMP,
    example VARCHAR
);
