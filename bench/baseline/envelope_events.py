"""Sends the events of a file to a topic for each envelope, and writes a pipeline with a contract of each topic.

    envelope_events.py BOOTSTRAP FILE.jsonl PIPELINE_DIR
"""

import datetime
import json
import os
import sys

from confluent_kafka import Producer

HEAD = ("id", "type", "source", "subscriber_id", "timestamp", "quality_score")
SOURCE = {"version": "2.7.0.Final", "connector": "postgresql", "name": "crm", "snapshot": "false", "db": "crm", "schema": "public", "txId": 0}

PROPERTIES = {
    "smelt": [{"name": name} for name in (*HEAD, "payload")],
    "flat": [{"name": name, "physicalName": column} for name, column in
             zip(HEAD, ("event_id", "event_type", "source_system", "subscriber_id", "event_timestamp", "quality_score"))],
    "cloudevents": [{"name": "subject", "physicalName": "subscriber_id", "customProperties": [{"property": "entity", "value": "subscriber"}]}],
    "debezium": [{"name": "subscriber_id", "physicalName": "subscriber_id"}],
}
PROPERTIES["connect"] = PROPERTIES["flat"]


def moment(event):
    return int(datetime.datetime.fromisoformat(event["timestamp"]).timestamp() * 1000)


def flat(event):
    return {name: event[name] for name in HEAD} | event["payload"]


def cloudevent(event):
    head = {"specversion": "1.0", "id": event["id"], "type": event["type"], "source": event["source"], "subject": event["subscriber_id"]}
    return head | {"time": event["timestamp"], "datacontenttype": "application/json", "data": event["payload"]}


def change(event, number):
    row = {"subscriber_id": event["subscriber_id"]} | event["payload"]
    source = SOURCE | {"table": event["type"], "lsn": number, "ts_ms": moment(event)}
    return {"before": None, "after": row, "source": source, "op": "c", "ts_ms": source["ts_ms"] + 40, "transaction": None}


def connect(event):
    """As JsonConverter writes it with schemas.enable."""
    row = flat(event)
    types = {str: "string", int: "int64", float: "double", bool: "boolean"}
    fields = [{"type": types.get(type(value), "string"), "optional": True, "field": name} for name, value in row.items()]
    return {"schema": {"type": "struct", "fields": fields, "optional": False, "name": event["type"]}, "payload": row}


def contract(envelope):
    server = {"server": "main", "type": "kafka", "host": "broker:9092", "customProperties": [{"property": "envelope", "value": envelope}]}
    schema = {"name": "ANY", "physicalType": "topic", "physicalName": f"in-{envelope}", "properties": PROPERTIES[envelope]}
    head = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": envelope, "version": "1.0.0", "status": "active"}
    return head | {"servers": [server], "schema": [schema]}


def write_pipeline(folder):
    os.makedirs(os.path.join(folder, "contracts"), exist_ok=True)
    for envelope in PROPERTIES:
        with open(os.path.join(folder, "contracts", f"{envelope}.odcs.yaml"), "w", encoding="utf-8") as file:
            json.dump(contract(envelope), file)  # JSON is YAML
    with open(os.path.join(folder, "features.yaml"), "w", encoding="utf-8") as file:
        file.write("version: 1\nfeatures: [{name: events, aggregate: count}]\n")


def send(producer, topic, value, key):
    while True:
        try:
            return producer.produce(topic, value, key=key)
        except BufferError:
            producer.poll(0.1)


def main():
    bootstrap, path, folder = sys.argv[1:]
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, "compression.type": "lz4", "queue.buffering.max.kbytes": 65536})
    sizes = dict.fromkeys(PROPERTIES, 0)
    write_pipeline(folder)
    with open(path, "rb") as file:
        for number, line in enumerate(file):
            event = json.loads(line)
            written = {"smelt": event, "flat": flat(event), "cloudevents": cloudevent(event), "debezium": change(event, number), "connect": connect(event)}
            for envelope, message in written.items():
                value = json.dumps(message, separators=(",", ":")).encode()
                sizes[envelope] += len(value)
                send(producer, f"in-{envelope}", value, event["id"].encode())
            producer.poll(0)
    producer.flush()
    print(json.dumps({envelope: size // (number + 1) for envelope, size in sizes.items()}))


main()
