-- Of a lake that was not refined yet.
CREATE OR REPLACE TEMP TABLE silver_quarantine (rule VARCHAR, field VARCHAR, "value" VARCHAR, reason VARCHAR, event_type VARCHAR, {{stored}} VARCHAR,
    kafka_topic VARCHAR, kafka_epoch INTEGER, kafka_partition INTEGER, kafka_offset BIGINT, quarantined_at TIMESTAMP)
