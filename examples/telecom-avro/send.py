#!/usr/bin/env python3
"""send.py BOOTSTRAP TOPIC REGISTRY_URL <EVENTS.jsonl: the events of `smelt produce --out`, in Avro, with their schema in the registry.

    smelt produce --events 10000 --faults 0 --out events.jsonl
    examples/telecom-avro/send.py localhost:9092 telecom-avro http://localhost:8081 <events.jsonl
    smelt --config examples/telecom-avro/smelt.yaml run

Needs the packages fastavro and confluent-kafka. Each message begins with a zero byte and the id of its schema, as Confluent's serializers write it.
"""

from __future__ import annotations

import datetime
import io
import json
import struct
import sys
import urllib.request
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
from confluent_kafka import Producer

SCHEMA = json.loads((Path(__file__).parent / "event.avsc").read_text())
RECORDS = {"BSS": "Billing", "OSS": "Network", "IoT": "Device"}


def register(url: str, topic: str) -> int:
    body = json.dumps({"schema": json.dumps(SCHEMA), "schemaType": "AVRO"}).encode()
    request = urllib.request.Request(f"{url}/subjects/{topic}-value/versions", data=body, headers={"Content-Type": "application/vnd.schemaregistry.v1+json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["id"]


def as_avro(event: dict[str, Any]) -> dict[str, Any]:
    payload = event["payload"]
    if "bill_amount_zmw" in payload:
        payload = payload | {"bill_amount_zmw": Decimal(str(payload["bill_amount_zmw"])).quantize(Decimal("0.01"))}
    return event | {"payload": (f"zm.telecom.{RECORDS[event['type']]}", payload), "timestamp": datetime.datetime.fromisoformat(event["timestamp"])}


def main(bootstrap: str, topic: str, registry: str) -> None:
    schema, prefix = fastavro.parse_schema(SCHEMA), b"\0" + struct.pack(">I", register(registry, topic))
    producer = Producer({"bootstrap.servers": bootstrap})
    for line in sys.stdin:
        event = json.loads(line)
        out = io.BytesIO(prefix)
        out.seek(len(prefix))
        fastavro.schemaless_writer(out, schema, as_avro(event))
        producer.produce(topic, out.getvalue(), key=(event["subscriber_id"] or "").encode())
        producer.poll(0)
    assert producer.flush(60) == 0, "not all of them were delivered"


if __name__ == "__main__":
    main(*sys.argv[1:])
