"""What a competent Python team would write: Kafka in batches -> Arrow -> DuckDB, parsed by SQL, deduplicated, offsets in the same transaction.

    python_consumer.py BOOTSTRAP TOPIC DATABASE [tuned]

It reads up to the end offsets at its start and prints one JSON line. It has the Bronze columns, the memory setting and the exactly-once
landing of `smelt ingest`. It keeps rejects, but has no gaps, no drift and no ledger to audit. `tuned` adds what this project learned from
measuring DuckDB: parse each message once, and commit per row group instead of per Kafka batch.
"""

import json
import sys
import time

import duckdb
import pyarrow as pa
from confluent_kafka import Consumer, TopicPartition

CONSUME_ROWS = 10_000

SCHEMA = pa.schema([("kafka_partition", pa.int32()), ("kafka_offset", pa.int64()), ("kafka_timestamp", pa.int64()), ("value", pa.binary())])

CREATE = """
CREATE TABLE IF NOT EXISTS bronze (
    event_id VARCHAR, event_type VARCHAR, source_system VARCHAR, subscriber_id VARCHAR, event_timestamp TIMESTAMPTZ, raw_payload JSON,
    quality_score INTEGER, ingested_at TIMESTAMPTZ, kafka_partition INTEGER, kafka_offset BIGINT, kafka_timestamp TIMESTAMPTZ);
CREATE TABLE IF NOT EXISTS rejects (kafka_partition INTEGER, kafka_offset BIGINT, value BLOB);
CREATE TABLE IF NOT EXISTS next_offsets (kafka_partition INTEGER PRIMARY KEY, next_offset BIGINT);
"""

PARSE_PLAIN = """
SELECT text->>'id' AS id, text->>'type' AS type, text->>'source' AS source, text->>'subscriber_id' AS subscriber_id, text->>'timestamp' AS timestamp,
    text->'payload' AS payload, text->>'quality_score' AS quality_score, texts.* FROM texts"""

PARSE_ONCE = """
SELECT unnest(from_json(text,
    '{"id":"VARCHAR","type":"VARCHAR","source":"VARCHAR","subscriber_id":"VARCHAR","timestamp":"VARCHAR","payload":"JSON","quality_score":"VARCHAR"}')),
    texts.* FROM texts"""

STAGE = """
CREATE OR REPLACE TEMP TABLE staged AS
WITH decoded AS (SELECT *, try(decode(value)) AS decoded FROM batch),
texts AS (SELECT * EXCLUDE (decoded), CASE WHEN json_valid(decoded) THEN decoded END AS text FROM decoded), parsed AS ({parse})
SELECT id AS event_id, type AS event_type, source AS source_system, subscriber_id, TRY_CAST(timestamp AS TIMESTAMPTZ) AS event_timestamp,
    payload AS raw_payload, TRY_CAST(quality_score AS INTEGER) AS quality_score,
    kafka_partition, kafka_offset, make_timestamptz(kafka_timestamp * 1000) AS kafka_timestamp, value
FROM parsed
"""

VARIANTS = {  # the SQL that stages a batch, and the rows per transaction
    "plain": (STAGE.format(parse=PARSE_PLAIN), CONSUME_ROWS),
    "tuned": (STAGE.format(parse=PARSE_ONCE), 122_880),
}

# Literal bounds, so that DuckDB prunes Bronze by time.
LAND = """
INSERT INTO bronze
SELECT s.* EXCLUDE (value, kafka_partition, kafka_offset, kafka_timestamp), now(), kafka_partition, kafka_offset, kafka_timestamp
FROM (FROM staged WHERE event_id IS NOT NULL AND source_system IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY source_system, event_id, event_timestamp ORDER BY kafka_partition, kafka_offset) = 1) s
ANTI JOIN (FROM bronze WHERE event_timestamp BETWEEN TIMESTAMPTZ '{low}' AND TIMESTAMPTZ '{high}') b
    ON s.source_system = b.source_system AND s.event_id = b.event_id AND s.event_timestamp IS NOT DISTINCT FROM b.event_timestamp
"""

REJECT = "INSERT INTO rejects SELECT kafka_partition, kafka_offset, value FROM staged WHERE event_id IS NULL OR source_system IS NULL"


def open_database(path):
    con = duckdb.connect(path, config={"memory_limit": "256MiB", "preserve_insertion_order": "false"})
    con.execute("SET TimeZone = 'UTC'")
    con.execute(CREATE)
    return con


def open_consumer(bootstrap, topic, con):
    """Returns the consumer, assigned at the stored offsets, and the ends of its partitions."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "python-consumer", "enable.auto.commit": False, "auto.offset.reset": "error"})
    stored = dict(con.execute("SELECT kafka_partition, next_offset FROM next_offsets").fetchall())
    positions, ends = [], {}
    for partition in consumer.list_topics(topic, timeout=10).topics[topic].partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
        positions.append(TopicPartition(topic, partition, stored.get(partition, low)))
        ends[partition] = high
    consumer.assign(positions)
    return consumer, {p.partition: p.offset for p in positions}, ends


def land(con, columns, stage):
    batch = pa.Table.from_arrays([pa.array(c, type=f.type) for c, f in zip(columns, SCHEMA)], schema=SCHEMA)
    con.register("batch", batch)
    con.execute("BEGIN")
    con.execute(stage)
    low, high = con.execute("SELECT min(event_timestamp)::VARCHAR, max(event_timestamp)::VARCHAR FROM staged WHERE isfinite(event_timestamp)").fetchone()
    con.execute(LAND.format(low=low or "1970-01-01", high=high or "1970-01-01"))
    con.execute(REJECT)
    con.execute("INSERT OR REPLACE INTO next_offsets SELECT kafka_partition, max(kafka_offset) + 1 FROM batch GROUP BY ALL")
    con.execute("COMMIT")
    con.unregister("batch")


def consume(con, consumer, next_offsets, ends, variant):
    """Returns how many messages there were before the ends."""
    total = left = sum(ends.values()) - sum(next_offsets.values())
    stage, batch_rows = VARIANTS[variant]
    columns = [[] for _ in SCHEMA]
    while left > 0:
        for message in consumer.consume(min(CONSUME_ROWS, batch_rows - len(columns[0])), timeout=1.0):
            if message.error():
                raise SystemExit(str(message.error()))
            if message.offset() < ends[message.partition()]:
                fields = (message.partition(), message.offset(), message.timestamp()[1], message.value())
                for column, field in zip(columns, fields):
                    column.append(field)
                left -= 1
        if columns[0] and (len(columns[0]) >= batch_rows or left == 0):
            land(con, columns, stage)
            columns = [[] for _ in SCHEMA]
    return total


def main():
    bootstrap, topic, path, *variant = sys.argv[1:]
    began = time.perf_counter()
    con = open_database(path)
    consumer, next_offsets, ends = open_consumer(bootstrap, topic, con)
    total = consume(con, consumer, next_offsets, ends, *(variant or ["plain"]))
    landed = con.execute("SELECT count(*) FROM bronze").fetchone()[0]
    con.close()
    consumer.close()
    print(json.dumps({"events": total, "landed": landed, "seconds": time.perf_counter() - began}))


main()
