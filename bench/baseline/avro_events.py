"""Sends the events of a file to two topics, as they are and as Avro with the schema id 1; writes the schema to a file.

    avro_events.py BOOTSTRAP JSON_TOPIC AVRO_TOPIC FILE.jsonl SCHEMA.avsc
"""

import datetime
import io
import json
import sys
from decimal import Decimal

import fastavro
from confluent_kafka import Producer

PREFIX = b"\0\0\0\0\1"
DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}
TYPES = {str: "string", int: "long", Decimal: DECIMAL}


def fields(record):
    return [{"name": name, "type": TYPES[type(value)]} for name, value in record.items()]


def schema_of(events):
    """The payload of each event type is a record of its own."""
    payloads = {event["type"]: {"type": "record", "name": event["type"], "fields": fields(event["payload"])} for event in events}
    named = [*fields({name: events[0][name] for name in ("id", "type", "source", "subscriber_id", "quality_score")})]
    named += [{"name": "timestamp", "type": {"type": "long", "logicalType": "timestamp-micros"}}, {"name": "payload", "type": list(payloads.values())}]
    return {"type": "record", "name": "Event", "fields": named}


def encode(event, schema):
    event["timestamp"] = datetime.datetime.fromisoformat(event["timestamp"])
    event["payload"] = (event["type"], event["payload"])
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, event)
    return PREFIX + out.getvalue()


def send(producer, topic, value):
    while True:
        try:
            return producer.produce(topic, value)
        except BufferError:
            producer.poll(0.1)


def main():
    bootstrap, json_topic, avro_topic, path, schema_path = sys.argv[1:]
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, "compression.type": "lz4", "queue.buffering.max.kbytes": 65536})
    with open(path, "rb") as file:
        first = [json.loads(line, parse_float=Decimal) for line, _ in zip(file, range(1000))]
        schema = fastavro.parse_schema(schema_of(first))
        file.seek(0)
        for line in file:
            send(producer, json_topic, line.rstrip())
            send(producer, avro_topic, encode(json.loads(line, parse_float=Decimal), schema))
            producer.poll(0)
    producer.flush()
    with open(schema_path, "w", encoding="utf-8") as file:
        json.dump(schema_of(first), file)


main()
