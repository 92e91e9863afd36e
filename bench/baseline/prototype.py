"""The prototype's design: one INSERT per event, Silver and Gold rebuilt each time, with its published DDL, insert and transforms.

    prototype.py ingest BOOTSTRAP TOPIC DATABASE          every message of the topic into Bronze
    prototype.py load FILE.jsonl DATABASE                 a history into Bronze, in bulk; not part of any measurement
    prototype.py refresh BOOTSTRAP TOPIC DATABASE         new messages into Bronze, then Silver and Gold

Each prints one JSON line. The clock starts after Python has loaded, and stops before the API would be restarted. `refresh` reads the whole
topic, so the bench passes a topic with only the new events.
"""

import json
import sys
import time

import duckdb
from confluent_kafka import Consumer, TopicPartition

BRONZE_DDL = """
CREATE TABLE IF NOT EXISTS bronze_raw_events (
event_id VARCHAR,
event_type VARCHAR, -- BSS | OSS | IoT
source_system VARCHAR,
subscriber_id VARCHAR,
event_timestamp TIMESTAMPTZ,
raw_payload JSON, -- untouched original payload
quality_score INTEGER,
ingested_at TIMESTAMPTZ DEFAULT NOW()
);
"""

SILVER_DDL = """
CREATE OR REPLACE TABLE silver_clean_events AS
SELECT
event_id,
event_type,
source_system,
UPPER(subscriber_id) AS subscriber_id,
CAST(event_timestamp AS TIMESTAMP) AS event_timestamp,
quality_score,
ingested_at,
-- BSS fields (null for non-BSS rows)
CASE WHEN event_type = 'BSS'
THEN raw_payload->>'plan' END AS bss_plan,
CASE WHEN event_type = 'BSS'
THEN CAST(raw_payload->>'data_used_mb' AS INTEGER) END AS bss_data_used_mb,
CASE WHEN event_type = 'BSS'
THEN CAST(raw_payload->>'bill_amount_zmw' AS DOUBLE) END AS bss_bill_zmw,
CASE WHEN event_type = 'BSS'
THEN raw_payload->>'payment_status' END AS bss_payment_status,
CASE WHEN event_type = 'BSS'
THEN CAST(raw_payload->>'days_overdue' AS INTEGER) END AS bss_days_overdue,
-- OSS fields
CASE WHEN event_type = 'OSS'
THEN raw_payload->>'tower_id' END AS oss_tower_id,
CASE WHEN event_type = 'OSS'
THEN CAST(raw_payload->>'signal_dbm' AS INTEGER) END AS oss_signal_dbm,
CASE WHEN event_type = 'OSS'
THEN CAST(raw_payload->>'latency_ms' AS INTEGER) END AS oss_latency_ms,
CASE WHEN event_type = 'OSS'
THEN CAST(raw_payload->>'packet_loss_pct' AS DOUBLE) END AS oss_packet_loss_pct,
-- IoT fields
CASE WHEN event_type = 'IoT'
THEN raw_payload->>'location' END AS iot_location,
CASE WHEN event_type = 'IoT'
THEN CAST(raw_payload->>'battery_pct' AS INTEGER) END AS iot_battery_pct,
CASE WHEN event_type = 'IoT'
THEN raw_payload->>'connection_type' END AS iot_connection_type
FROM bronze_raw_events
WHERE
quality_score >= 45 -- drop low-quality records
AND subscriber_id IS NOT NULL
AND event_timestamp IS NOT NULL
;
"""

GOLD_DDL = """
CREATE OR REPLACE TABLE gold_subscriber_features AS
SELECT
subscriber_id,
-- Event volume
COUNT(*) AS total_events,
COUNT(*) FILTER (WHERE event_type = 'BSS') AS bss_events,
COUNT(*) FILTER (WHERE event_type = 'OSS') AS oss_events,
COUNT(*) FILTER (WHERE event_type = 'IoT') AS iot_events,
-- Network quality
ROUND(AVG(oss_signal_dbm), 1) AS avg_signal_dbm,
ROUND(AVG(oss_latency_ms), 1) AS avg_latency_ms,
ROUND(AVG(oss_packet_loss_pct), 2) AS avg_packet_loss_pct,
-- Billing behaviour
ROUND(AVG(bss_bill_zmw), 2) AS avg_bill_zmw,
ROUND(AVG(bss_data_used_mb), 0) AS avg_data_used_mb,
MAX(bss_days_overdue) AS max_days_overdue,
COUNT(*) FILTER (
WHERE event_type = 'BSS' AND bss_payment_status = 'overdue'
) AS overdue_count,
-- Device health
ROUND(AVG(iot_battery_pct), 1) AS avg_battery_pct,
-- Data quality
ROUND(AVG(quality_score), 1) AS avg_quality_score,
-- Derived churn-risk heuristic (used for model label)
CASE
WHEN MAX(bss_days_overdue) > 30
OR AVG(oss_signal_dbm) < -90
OR AVG(oss_latency_ms) > 150
THEN 1
ELSE 0
END AS churn_label
FROM silver_clean_events
GROUP BY subscriber_id
HAVING total_events >= 2 -- need at least 2 events for meaningful features
;
"""

LOAD = """
INSERT INTO bronze_raw_events
SELECT id, type, source, subscriber_id, timestamp, payload, quality_score, now()
FROM read_json(?, format = 'newline_delimited', columns = {id: 'VARCHAR', type: 'VARCHAR', source: 'VARCHAR', subscriber_id: 'VARCHAR',
    timestamp: 'TIMESTAMPTZ', payload: 'JSON', quality_score: 'INTEGER'})
"""


def insert_event(con, evt):
    con.execute(
        """
INSERT INTO bronze_raw_events
(event_id, event_type, source_system, subscriber_id,
event_timestamp, raw_payload, quality_score)
VALUES (?, ?, ?, ?, ?, ?, ?)
""",
        [
            evt.get("id"),
            evt.get("type"),
            evt.get("source"),
            evt.get("subscriber_id"),
            evt.get("timestamp"),
            json.dumps(evt.get("payload", {})),
            evt.get("quality_score", 0),
        ],
    )


def consume(bootstrap, topic, con):
    """Every message before the ends seen at the start. Returns how many."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "prototype", "auto.offset.reset": "earliest"})
    partitions, left = [], 0
    for partition in consumer.list_topics(topic, timeout=10).topics[topic].partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
        partitions.append(TopicPartition(topic, partition, low))
        left += high - low
    consumer.assign(partitions)
    total = left
    while left > 0:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error():
            raise SystemExit(str(message.error()))
        insert_event(con, json.loads(message.value()))
        left -= 1
    consumer.close()
    return total


def ingest(con, bootstrap, topic):
    return consume(bootstrap, topic, con)


def load(con, file):
    con.execute(LOAD, [file])
    return con.execute("SELECT count(*) FROM bronze_raw_events").fetchone()[0]


def refresh(con, bootstrap, topic):
    events = consume(bootstrap, topic, con)
    con.execute(SILVER_DDL)
    con.execute(GOLD_DDL)
    return events


def main():
    command, *words, path = sys.argv[1:]
    began = time.perf_counter()
    con = duckdb.connect(path)
    con.execute(BRONZE_DDL)
    events = {"ingest": ingest, "load": load, "refresh": refresh}[command](con, *words)
    con.close()
    print(json.dumps({"events": events, "seconds": time.perf_counter() - began}))


main()
