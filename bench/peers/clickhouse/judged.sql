-- Typed events with the first rule that each breaks, as in ../dbt: Silver and quarantine are views of it.
CREATE TABLE judged (event_id String, event_type LowCardinality(Nullable(String)), source_system LowCardinality(String), subscriber_id String,
    event_timestamp Nullable(DateTime64(6, 'UTC')), quality_score Nullable(Int32), ingested_at DateTime64(6, 'UTC'),
    bss_plan LowCardinality(Nullable(String)), bss_data_used_mb Nullable(Int32), bss_bill_zmw Nullable(Decimal(18, 2)),
    bss_payment_status LowCardinality(Nullable(String)), bss_days_overdue Nullable(Int32), oss_tower_id LowCardinality(Nullable(String)),
    oss_signal_dbm Nullable(Int32), oss_latency_ms Nullable(Int32), oss_packet_loss_pct Nullable(Decimal(9, 6)),
    iot_location LowCardinality(Nullable(String)), iot_battery_pct Nullable(Int32), iot_connection_type LowCardinality(Nullable(String)),
    kafka_partition Int32, kafka_offset Int64, kafka_timestamp Nullable(DateTime64(3, 'UTC')), violation LowCardinality(String), raw_payload String)
    ENGINE = ReplacingMergeTree ORDER BY (subscriber_id, event_timestamp, source_system, event_id)
    SETTINGS index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1, allow_nullable_key = 1;
CREATE VIEW silver AS SELECT * EXCEPT (violation, raw_payload) FROM judged FINAL WHERE violation = '';
CREATE VIEW quarantine AS SELECT * FROM judged FINAL WHERE violation != '';
