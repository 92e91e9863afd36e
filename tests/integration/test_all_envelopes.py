"""The same 100,000 events in six envelopes and as Avro, in seven topics of one lake, read by one command: Silver and quarantine are the same but for where they came from."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT, Broker, Json, Smelt, Topic
from registry import Registry, prefixed
from test_envelopes import KINDS, LINEAGE, START_MS, bike, contract, moment, number_of, payload, send, write_pipeline
from test_envelopes import COUNT as FEW

pytestmark = pytest.mark.xdist_group("registry")

COUNT = 100_000
RELEASE = ROOT / "build/release/smelt"


def decimal(scale: int) -> Json:
    return {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": scale}


def record(name: str, **fields: Any) -> Json:
    return {"type": "record", "name": name, "fields": [{"name": field, "type": kind} for field, kind in fields.items()]}


PAYLOAD = record("Trip", station="string", price=decimal(2), place=record("Place", lat=decimal(2)), locked_at=decimal(6))
SCHEMA = record("Event", id="string", type="string", subscriber_id="string", timestamp={"type": "long", "logicalType": "timestamp-millis"}, payload=PAYLOAD)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def as_record(n: int) -> Json:
    """What payload() of the others says."""
    price = Decimal(number_of(n)).quantize(Decimal("0.01"))
    trip = {"station": f"Sé{n % 7}", "price": price, "place": {"lat": Decimal("1.50")}, "locked_at": Decimal(f"{START_MS // 1000 + n}.{n % 1000000:06d}")}
    return {"id": f"e{n}", "type": "TRIP", "subscriber_id": bike(n), "timestamp": EPOCH + datetime.timedelta(milliseconds=moment(n)), "payload": trip}


def send_avro(topic: Topic, schema_id: int, count: int) -> None:
    import io

    import fastavro

    schema, producer = fastavro.parse_schema(SCHEMA), topic.broker.producer
    for n in range(count):
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, as_record(n))
        producer.produce(topic.name, prefixed(schema_id, out.getvalue()), partition=n % topic.partitions)
        producer.poll(0)
    assert producer.flush(60) == 0


def send_all(topic: Topic, kind: str, count: int) -> None:
    for first in range(0, count, 20_000):  # fewer than what the producer's queue holds
        send(topic, [KINDS[kind][0](n) for n in range(first, min(first + 20_000, count))])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    registry = Registry(tmp_path_factory.mktemp("registry"))
    registry.start()
    yield registry
    registry.stop()


def contracts(topics: dict[str, Topic]) -> dict[str, str]:
    written = {kind: contract(kind, topics[kind].name, *KINDS[kind][1:]) for kind in KINDS}
    return written | {"avro": contract("avro", topics["avro"].name, *KINDS["smelt"][1:]).replace("host: h,", "host: h, format: avro,")}


# a decimal of Avro always has all of its decimals, and its JSON has no blanks: these are texts
TEXTS = {"silver_clean_events": "place_json", "silver_quarantine": '"value", raw_payload'}


def same_rows(smelt: Smelt, table: str, a: str, b: str, less: str) -> int:
    """How many rows two topics have, of which each has its like in the other."""
    rows = f"SELECT * EXCLUDE ({less}) FROM {table} WHERE kafka_topic"
    different = smelt.value(f"SELECT count(*) FROM (({rows} = $1 EXCEPT ALL {rows} = $2) UNION ALL ({rows} = $2 EXCEPT ALL {rows} = $1))", a, b)
    assert different == 0, (table, a, b)
    return smelt.value(f"SELECT count(*) FROM {table} WHERE kafka_topic = $1", a)


@pytest.mark.timeout(600)
def test_the_same_events_in_seven_topics_are_the_same_in_silver(new_smelt: Callable[..., Smelt], broker: Broker, running: Registry) -> None:
    assert RELEASE.exists(), f"{RELEASE} is not there: run tools/build release"
    assert COUNT > FEW
    smelt = new_smelt(kafka_bootstrap=broker.address, registry_url=running.url)
    smelt.binary = Path(RELEASE)
    smelt.env["SMELT_PIPELINE_DIR"] = str(smelt.folder / "pipeline")
    topics = {kind: broker.topic(f"{kind}-{uuid.uuid4().hex[:8]}") for kind in (*KINDS, "avro")}
    write_pipeline(smelt.folder / "pipeline", contracts(topics))
    for kind in KINDS:
        send_all(topics[kind], kind, COUNT)
    send_avro(topics["avro"], running.register(f"{topics['avro'].name}-value", SCHEMA), COUNT)
    done = smelt("ingest", seconds=400)
    assert (done["landed"], done["rejected"], done["duplicates"]) == (COUNT * len(topics), 0, 0)
    refined = smelt("refine", seconds=400)
    good = sum(n % 5 != 4 for n in range(COUNT))
    assert (refined["silver"], refined["quarantined"], refined["drifted"]) == (good * len(topics), (COUNT - good) * len(topics), 0)
    assert dict(smelt.rows("SELECT event_id, raw_payload::VARCHAR FROM bronze_raw_events WHERE kafka_topic = $1", topics["own"].name)) == {f"e{n}": payload(n) for n in range(COUNT)}
    for kind, topic in topics.items():
        for table, texts in TEXTS.items():
            less = LINEAGE + (", quarantined_at" if table == "silver_quarantine" else "") + (f", {texts}" if kind == "avro" else "")
            assert same_rows(smelt, table, topics["own"].name, topic.name, less) == (good if table == "silver_clean_events" else COUNT - good), kind
    places = "SELECT DISTINCT replace(place_json::VARCHAR, ' ', '') FROM silver_clean_events"
    assert smelt.rows(places) == [('{"lat":1.50}',)]
    assert smelt.audit()["offsets"] >= COUNT * len(topics)
