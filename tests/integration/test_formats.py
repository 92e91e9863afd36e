"""Avro and JSON Schema with a real schema registry: what lands is what the same events as JSON would be, and a registry that is away is no
reason to lose or reject anything."""

from __future__ import annotations

import base64
import datetime
import json
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from harness import FREE_PORT, PAID, ROOT, SMALL_BATCHES, Broker, Json, Smelt, Topic, billing, encode, eventually, serving
from registry import Registry, avro, in_front, prefixed

pytestmark = pytest.mark.xdist_group("registry")

MONEY: Json = {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}
LINEAGE = "kafka_topic, kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, batch_id, ingested_at"
MOMENT: Json = {"type": "long", "logicalType": "timestamp-millis"}


def field(name: str, kind: Any, **more: Any) -> Json:
    return {"name": name, "type": kind, **more}


def schema(*extra: Json) -> Json:
    """Of the billing events; each version adds fields to the payload."""
    payload = [field("plan", "string"), field("data_used_mb", "int"), field("bill_amount_zmw", MONEY), field("payment_status", "string"), field("days_overdue", ["null", "long"])]
    return {
        "type": "record",
        "name": "Event",
        "namespace": "shop.events",
        "fields": [
            field("id", "string"),
            field("type", {"type": "enum", "name": "Kind", "symbols": ["OSS", "BSS"]}),
            field("source", "string"),
            field("subscriber_id", ["null", "string"], default=None),
            field("timestamp", MOMENT),
            field("quality_score", "int"),
            field("payload", {"type": "record", "name": "Payload", "fields": [*payload, *extra]}),
        ],
    }


VERSIONS = [schema(), schema(field("plan_family", ["null", "string"], default=None)), schema(field("plan_family", ["null", "string"], default=None), field("since", {"type": "int", "logicalType": "date"}))]


def as_avro(event: Json, version: int) -> Json:
    """The same event for a version of the schema."""
    payload = event["payload"] | {"bill_amount_zmw": Decimal(str(event["payload"]["bill_amount_zmw"])).quantize(Decimal("0.01"))}
    payload |= [{}, {"plan_family": None}, {"plan_family": None, "since": datetime.date(2026, 1, 2)}][version]
    return event | {"payload": payload, "timestamp": datetime.datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00"))}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    registry = Registry(tmp_path_factory.mktemp("registry"))
    registry.start()
    yield registry
    registry.stop()


@pytest.fixture
def lake(new_smelt: Callable[..., Smelt], topic: Topic, running: Registry) -> Smelt:
    return new_smelt(topic, kafka_format="avro", registry_url=running.url)


def three_versions(registry: Registry, topic: Topic, events: list[Json]) -> list[bytes]:
    ids = [registry.register(f"{topic.name}-value", version) for version in VERSIONS]
    assert len(set(ids)) == 3
    return [avro(ids[n % 3], VERSIONS[n % 3], as_avro(event, n % 3)) for n, event in enumerate(events)]


def test_avro_in_three_versions_is_what_the_same_events_as_json_are(lake: Smelt, topic: Topic, running: Registry, broker: Broker, new_smelt: Callable[..., Smelt]) -> None:
    events = [billing(n, payload=PAID | {"bill_amount_zmw": n / 4, "data_used_mb": n}) for n in range(3000)]
    plain = broker.topic(f"{topic.name}-json")
    sent = topic.send(three_versions(running, topic, events))
    plain.send(encode(event) for event in events)
    other = new_smelt(plain, name="json")
    assert lake("ingest")["landed"] == other("ingest")["landed"] == 3000
    for one in (lake, other):
        one.audit()
        one("refine")
    silver = "SELECT * EXCLUDE (ingested_at, kafka_topic, kafka_timestamp) FROM silver_clean_events ORDER BY event_id"
    assert lake.rows(silver) == other.rows(silver)
    assert lake.value("SELECT count(*) FROM silver_clean_events") == 3000
    kept = {(partition, offset): bytes(value) for partition, offset, value in lake.rows("SELECT kafka_partition, kafka_offset, raw_value FROM bronze_raw_events")}
    assert kept == {(m.partition, m.offset): m.value for m in sent}
    assert other.value("SELECT count(raw_value) FROM bronze_raw_events") == 0


def test_contracts_say_the_format_of_their_topic(new_smelt: Callable[..., Smelt], topic: Topic, running: Registry) -> None:
    """And what the setting says is for topics whose contracts say nothing."""
    smelt = new_smelt(topic, registry_url=running.url)
    contracts = smelt.folder / "pipeline/contracts"
    shutil.copytree(ROOT / "pipeline", contracts.parent)
    server = "servers: [{server: main, type: kafka, host: 'broker:9092', format: avro}]\n"
    for file in contracts.glob("*.yaml"):
        file.write_text(file.read_text().replace("\nschema:", f"\n{server}schema:"))
    topic.send(three_versions(running, topic, [billing(n) for n in range(30)]))
    assert smelt("ingest", SMELT_PIPELINE_DIR=str(contracts.parent))["landed"] == 30


def component(smelt: Smelt, name: str) -> Json:
    return next(c for c in smelt.run("status").summary["components"] if c["name"] == name)


def test_a_registry_that_is_away_holds_back_and_loses_nothing(lake: Smelt, topic: Topic, running: Registry) -> None:
    """One schema is known before; the other comes while it is away."""
    first, second = (running.register(f"{topic.name}-value", version) for version in VERSIONS[:2])
    with in_front(running) as front:
        away = {"SMELT_REGISTRY_URL": front.url}
        sent = topic.send([avro(first, VERSIONS[0], as_avro(billing(n), 0)) for n in range(100)])
        assert lake("ingest", **away)["landed"] == 100
        front.status = 503
        sent += topic.send([avro(first, VERSIONS[0], as_avro(billing(n), 0)) for n in range(100, 200)])
        assert lake("ingest", **away)["landed"] == 100, "a schema that the lake has needs no registry"
        sent += topic.send([avro(second, VERSIONS[1], as_avro(billing(n), 1)) for n in range(200, 300)])
        gave_up = lake.run("ingest", "--timeout", "1s", **away)
        assert gave_up.code == 69 and "HTTP 503" in gave_up.error, gave_up
        following = lake.start("ingest", "--follow", *SMALL_BATCHES, **away)
        following.wait_for_log("everything stored is safe, waiting")
        kafka = eventually("the status says so", lambda: (c := component(lake, "kafka"))["state"] == "degraded" and c)
        assert "does not move beyond offset" in kafka["detail"] and "HTTP 503" in kafka["detail"], kafka
        front.status = 0
        eventually("all landed", lambda: topic.committed(topic.name) == 300)
        eventually("the status is good again", lambda: component(lake, "kafka")["state"] == "ok")
        assert following.end().code == 0
    assert lake.audit()["landed"] == len(sent)
    assert lake.value("SELECT count(*) FROM bronze_rejects") == 0


def test_a_registry_that_hangs_does_not_hold_up_a_stop(lake: Smelt, topic: Topic) -> None:
    topic.send([prefixed(1, b"x")])
    with socket.create_server(("127.0.0.1", 0)) as silent:
        following = lake.start("ingest", "--follow", SMELT_REGISTRY_URL=f"http://127.0.0.1:{silent.getsockname()[1]}")
        following.wait_for_log("everything stored is safe, waiting")
        assert following.end().code == 0
    assert lake.audit()["offsets"] == 0


def test_the_lake_alone_reads_what_it_has_read_once(lake: Smelt, topic: Topic, running: Registry) -> None:
    """The registry is gone for good: after a restart, and after a restore from a backup."""
    known = running.register(f"{topic.name}-value", VERSIONS[0])
    with in_front(running) as front:
        gone = front.url
        topic.send([avro(known, VERSIONS[0], as_avro(billing(n), 0)) for n in range(50)])
        lake("ingest", SMELT_REGISTRY_URL=gone)
        assert front.asked.count(f"/schemas/ids/{known}") == 1
    lake("backup", lake.folder / "backup")
    topic.send([avro(known, VERSIONS[0], as_avro(billing(n), 0)) for n in range(50, 80)])
    assert lake("ingest", SMELT_REGISTRY_URL=gone)["landed"] == 30
    for file in lake.data.glob("lake*"):
        file.unlink()
    assert lake("restore", lake.folder / "backup")["landed"] == 50
    assert lake("ingest", SMELT_REGISTRY_URL=gone)["landed"] == 30
    assert lake.audit()["landed"] == 80
    stored = lake.rows("SELECT registry, schema_id, schema_type, schema_text::JSON->>'name' FROM schemas")
    assert stored == [(gone, known, "AVRO", "Event")]


def test_a_registry_that_was_reset_is_noticed(lake: Smelt, topic: Topic, running: Registry) -> None:
    """The id is another schema now: producers mean the new one. A registry that is away, or the same schema again, is nothing to tell."""
    old, new = VERSIONS[0], schema(field("plan_family", ["null", "string"], default=None))
    swapped = {**new, "fields": [new["fields"][2], new["fields"][1], new["fields"][0], *new["fields"][3:]]}  # source before id: both decode
    known = running.register(f"{topic.name}-value", old)
    topic.send([avro(known, old, as_avro(billing(n), 0)) for n in range(5)])
    assert "another schema" not in lake.run("ingest").stderr
    topic.send([avro(known, old, as_avro(billing(n), 0)) for n in range(5, 10)])
    assert "another schema" not in lake.run("ingest").stderr
    running.stop()
    running.start()
    for n in range(1, known):
        running.register(f"{topic.name}-filler-{n}", {"type": "record", "name": f"Filler{n}", "fields": []})
    assert running.register(f"{topic.name}-value", swapped) == known
    topic.send([avro(known, swapped, as_avro(billing(n), 1)) for n in range(10, 20)])
    said = lake.run("ingest")
    assert f"has another schema under the id {known} than the lake got from it: was it reset?" in said.stderr, said.stderr
    assert lake.rows("SELECT DISTINCT source_system FROM bronze_raw_events") == [(billing(0)["source"],)]
    assert lake.value("SELECT count(*) FROM bronze_raw_events") == 20
    assert "another schema" not in lake.run("ingest").stderr
    assert lake.value("SELECT count(*) FROM schemas") == 2


def test_recover_waits_for_a_registry_that_is_away(lake: Smelt, topic: Topic, running: Registry) -> None:
    """A backup has the schemas of its time, so what it lacks of these comes from Kafka alone; for a schema that came later recover needs the registry."""
    first, second = (running.register(f"{topic.name}-value", version) for version in VERSIONS[:2])
    with in_front(running) as front:
        settings = {"SMELT_REGISTRY_URL": front.url, "SMELT_INGEST_TIMEOUT": "2s"}
        sent = topic.send([avro(first, VERSIONS[0], as_avro(billing(n), 0)) for n in range(50)])
        lake("ingest", **settings)
        lake("backup", lake.folder / "backup")
        sent += topic.send([avro(first, VERSIONS[0], as_avro(billing(n), 0)) for n in range(50, 80)])
        lake("ingest", **settings)
        front.status = 503

        def lose_the_lake() -> None:
            for file in (lake.lake, lake.log):
                file.unlink(missing_ok=True)

        lose_the_lake()
        done = lake("recover", "--yes", "--backup", lake.folder / "backup", **settings)
        assert done["landed"] == 30 and lake.audit()["landed"] == 80
        front.status = 0
        sent += topic.send([avro(second, VERSIONS[1], as_avro(billing(n), 1)) for n in range(80, 100)])
        assert lake("ingest", **settings)["landed"] == 20
        front.status = 503
        lose_the_lake()
        gave_up = lake.run("recover", "--yes", "--backup", lake.folder / "backup", **settings)
        assert gave_up.code == 69 and "HTTP 503" in gave_up.error, gave_up
        front.status = 0
        lake("recover", "--yes", "--backup", lake.folder / "backup", **settings)
    assert lake.audit()["landed"] == len(sent) == 100 and lake.value("SELECT count(*) FROM bronze_rejects") == 0
    assert lake.rows("SELECT schema_id FROM schemas ORDER BY 1") == sorted([(first,), (second,)])


# ---- the example ----


def test_telecom_avro_is_what_the_same_events_as_json_are(new_smelt: Callable[..., Smelt], topic: Topic, running: Registry) -> None:
    """examples/telecom-avro: the built-in pipeline over what its script sends."""
    folder = ROOT / "examples/telecom-avro"
    smelt, plain = new_smelt(topic, registry_url=running.url), new_smelt(name="json", kafka_bootstrap="127.0.0.1:1")
    smelt("produce", "--events", "600", "--subscribers", "30", "--faults", "0", "--seed", "11", "--start", "2026-10-01", "--days", "20", "--out", smelt.folder / "events.jsonl")
    with (smelt.folder / "events.jsonl").open("rb") as lines:
        subprocess.run([sys.executable, folder / "send.py", topic.broker.address, topic.name, running.url], stdin=lines, check=True)
    done = smelt("run", "--config", folder / "smelt.yaml")
    steps = {step["name"]: step for step in done["steps"]}
    assert done["state"] == "done" and steps["ingest"]["summary"]["landed"] == steps["refine"]["summary"]["silver"] == 600
    plain("ingest", "--from", smelt.folder / "events.jsonl")
    plain("refine")
    for table, less in {"silver_clean_events": f"EXCLUDE ({LINEAGE})", "gold_subscriber_features": "", "gold_tower_features": ""}.items():
        rows = f"SELECT to_json(t)::VARCHAR FROM (SELECT * {less} FROM {table}) AS t ORDER BY 1"
        assert smelt.rows(rows) == plain.rows(rows), table
    served = serving(smelt.start("serve", "--config", folder / "smelt.yaml", *FREE_PORT)).get("/api/v1/subscribers?limit=5")
    assert len(served["items"]) == 5


def test_what_cannot_be_read_is_rejected_with_its_bytes(lake: Smelt, topic: Topic, running: Registry) -> None:
    known = running.register(f"{topic.name}-value", VERSIONS[0])
    nan = running.register(f"{topic.name}-nan", {"type": "record", "name": "N", "fields": [field("x", "double")]})
    deep = running.register(f"{topic.name}-deep", {"type": "record", "name": "L", "fields": [field("next", ["null", "L"])]})
    proto = running.register(f"{topic.name}-proto", 'syntax = "proto3"; message M { string id = 1; }', kind="PROTOBUF")
    plain = running.register(f"{topic.name}-json", '{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {"id": {"type": "string"}}}', kind="JSON")
    good = avro(known, VERSIONS[0], as_avro(billing(1), 0))
    cases = {
        prefixed(plain, b"plain text"): "not_json",
        encode(billing(2)): "no_schema_id",
        b"\x1f\x8b" + good: "no_schema_id",
        b"\0\0\0": "no_schema_id",
        b"": "no_schema_id",
        prefixed(2_000_000_000, good[5:]): "unknown_schema",
        prefixed(proto, b"\0abc"): "unusable_schema",
        prefixed(deep, b"\2" * 150 + b"\0"): "too_deep",
        good + b"\0": "not_avro",
        avro(nan, {"type": "record", "name": "N", "fields": [field("x", "double")]}, {"x": float("nan")}): "not_a_number",
        avro(nan, {"type": "record", "name": "N", "fields": [field("x", "double")]}, {"x": 1.5}): "bad_id",
    }
    cases |= {good[:length]: "not_avro" for length in range(5, len(good))}
    sent = topic.send([good, *cases, None])
    ended = lake.run("ingest")
    done = ended.summary
    log = [json.loads(line)["message"] for line in ended.stderr.splitlines() if line.startswith("{")]
    for number, kind in ((proto, "of type PROTOBUF"), (plain, "of type JSON"), (2_000_000_000, "unknown_schema")):
        told = [text for text in log if f" {number}" in text and kind in text]
        assert len(told) == 1 and "Next: " in told[0] and "registry.url" in told[0], log
    assert (done["landed"], done["rejected"]) == (1, len(cases) + 1)
    found = {(p, o): (r, v) for p, o, r, v in lake.rows("SELECT kafka_partition, kafka_offset, reason, raw_value FROM bronze_rejects")}
    assert found == {(m.partition, m.offset): (cases[m.value], m.value) if m.value is not None else ("tombstone", None) for m in sent if m.value != good}
    lake("refine")
    hints = {row["rule"]: row["reason"] for row in lake("quarantine", "list")["rules"]}
    assert "no schema with the id 2000000000" in hints["unknown_schema"] and f"schema, {known}" in hints["not_avro"]
    assert "100 levels" in hints["too_deep"] and not any("kafka.format" in hints[rule] for rule in ("too_deep", "bad_id")), hints  # the topic is Avro
    assert lake.audit()["rejected"] == len(cases) + 1


def test_mutated_messages_land_or_are_rejected_with_their_bytes(lake: Smelt, topic: Topic, running: Registry) -> None:
    """One byte is another one: what still fits the schema is an event, nothing else is lost or repeated."""
    chance = random.Random(3)
    known = running.register(f"{topic.name}-value", VERSIONS[2])
    messages = []
    for n in range(5000):
        message = bytearray(avro(known, VERSIONS[2], as_avro(billing(n), 2)))
        message[chance.randrange(5, len(message))] = chance.randrange(256)
        messages.append(bytes(message))
    sent = {(m.partition, m.offset): m.value for m in topic.send(messages)}
    done = lake("ingest")
    assert done["landed"] > 1000 and done["rejected"] > 300, done
    lake.audit()
    kept = lake.rows("SELECT kafka_partition, kafka_offset, raw_value FROM bronze_raw_events UNION ALL SELECT kafka_partition, kafka_offset, raw_value FROM bronze_rejects")
    assert all(sent[partition, offset] == value for partition, offset, value in kept)
    assert len(kept) + done["duplicates"] == len(sent)
    lake("refine")


def test_json_of_a_registry_serializer_lands_like_plain_json(smelt: Smelt, topic: Topic) -> None:
    """No registry is asked: contracts judge. What is behind the prefix and no JSON is rejected with the prefix."""
    topic.send([prefixed(7, encode(billing(1))), encode(billing(2)), prefixed(7, b"no json"), b"\0\0\0\0\x07"], partition=0)
    done = smelt("ingest")
    assert (done["landed"], done["rejected"]) == (2, 2)
    assert smelt.rows("SELECT event_id, raw_value FROM bronze_raw_events ORDER BY event_id") == [("00000001", None), ("00000002", None)]
    assert smelt.rows("SELECT reason, raw_value FROM bronze_rejects ORDER BY kafka_offset") == [("not_json", prefixed(7, b"no json")), ("not_json", prefixed(7, b""))]
    smelt("refine")
    assert "Schema Registry" in smelt("quarantine", "list")["rules"][0]["reason"]


def test_schemas_that_refer_to_others(lake: Smelt, topic: Topic, running: Registry) -> None:
    money = {"type": "record", "name": "Money", "namespace": "shop", "fields": [field("amount", MONEY), field("next", ["null", "Money"])]}
    running.register("shop-money", money)
    event = {"type": "record", "name": "Sale", "namespace": "shop", "fields": [field("id", "string"), field("source", "string"), field("payload", "shop.Money")]}
    known = running.register(f"{topic.name}-value", event, [{"name": "shop.Money", "subject": "shop-money", "version": 1}])
    whole = event | {"fields": [*event["fields"][:2], field("payload", money)]}
    value = {"id": "1", "source": "till", "payload": {"amount": Decimal("-12.30"), "next": {"amount": Decimal("0.05"), "next": None}}}
    topic.send([avro(known, whole, value)])
    assert lake("ingest")["landed"] == 1
    assert lake.value("SELECT raw_payload::VARCHAR FROM bronze_raw_events") == '{"amount":-12.30,"next":{"amount":0.05,"next":null}}'


SECRETS = [
    ({"SMELT_REGISTRY_USER": "smelt", "SMELT_REGISTRY_PASSWORD": "pass-wörd-canary"}, "Basic " + base64.b64encode("smelt:pass-wörd-canary".encode()).decode()),
    ({"SMELT_REGISTRY_TOKEN": "token-canary"}, "Bearer token-canary"),
]


@pytest.mark.parametrize(("settings", "header"), SECRETS, ids=["password", "token"])
def test_the_registry_knows_us_or_ingest_ends_at_once(lake: Smelt, topic: Topic, running: Registry, settings: dict[str, str], header: str) -> None:
    known = running.register(f"{topic.name}-value", VERSIONS[0])
    topic.send([avro(known, VERSIONS[0], as_avro(billing(1), 0))])
    with in_front(running, header) as front:
        url = {"SMELT_REGISTRY_URL": front.url}
        refused = lake.run("ingest", **url)
        assert refused.code == 78 and "HTTP 401" in refused.error, refused
        wrong = lake.run("ingest", **url, **{key: value + "x" for key, value in settings.items()})
        assert wrong.code == 78 and "canary" not in wrong.stdout + wrong.stderr
        done = lake.run("ingest", **url, **settings)
        assert done.code == 0 and done.summary["landed"] == 1, done
        assert "canary" not in done.stdout + done.stderr + lake.run("config", **settings).stdout


def test_a_certificate_is_trusted_by_its_file_alone(lake: Smelt, topic: Topic, running: Registry) -> None:
    known = running.register(f"{topic.name}-value", VERSIONS[0])
    topic.send([avro(known, VERSIONS[0], as_avro(billing(1), 0))])
    certificate = lake.folder / "registry.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=registry", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*made, "-keyout", certificate, "-out", lake.folder / "public.pem"], check=True, capture_output=True)
    certificate.write_text(certificate.read_text() + (lake.folder / "public.pem").read_text())
    with in_front(running, certificate=certificate) as front:
        refused = lake.run("ingest", SMELT_REGISTRY_URL=front.url)
        assert refused.code == 78 and "certificate" in refused.error, refused
        assert lake("ingest", SMELT_REGISTRY_URL=front.url, SMELT_REGISTRY_CA=str(lake.folder / "public.pem"))["landed"] == 1


def test_settings_of_the_registry_that_cannot_be(lake: Smelt) -> None:
    for setting, about in {
        "registry.url=": "registry.url is not set",
        "registry.url=ftp://host": "http:// or https://",
        "registry.url=http://user:" + "pass-canary@host": "registry.user",
        "registry.ca=/nowhere/ca.pem": "/nowhere/ca.pem",
        "registry.ca=/etc/passwd": "/etc/passwd has no certificate in PEM form",
        "registry.ca=/etc": "/etc is a folder, expected a file",
        "registry.url=http://a:8081,http://b:8081": "registry.url has several addresses, and takes one",
        "registry.url=http://": "registry.url has no host",
        "registry.url=http:///path": "registry.url has no host",
    }.items():
        result = lake.run("ingest", "--set", setting)
        assert result.code == 78 and about in result.error, (setting, result)
        assert "canary" not in result.stderr + result.stdout


def test_what_a_registry_refuses_is_told_in_its_words(lake: Smelt, topic: Topic, running: Registry) -> None:
    topic.send([prefixed(1, b"x")])
    with in_front(running) as front:
        for front.status in (409, 422):
            gave_up = lake.run("ingest", "--timeout", "1s", SMELT_REGISTRY_URL=front.url)
            assert gave_up.code == 69 and f"HTTP {front.status}, not now" in gave_up.error, gave_up


def test_a_registry_of_the_other_protocol(lake: Smelt, topic: Topic, running: Registry) -> None:
    topic.send([prefixed(1, b"x")])
    with in_front(running) as front:
        refused = lake.run("ingest", SMELT_REGISTRY_URL=front.url.replace("http:", "https:"))
        assert refused.code == 78 and "is it http:// and not https://?" in refused.error, refused


def test_a_registry_behind_a_redirect_or_a_page(lake: Smelt, topic: Topic, running: Registry) -> None:
    """It is not followed, since a token is for the host that was named; the error says where it leads and what to set."""
    topic.send([prefixed(1, b"x")])
    with in_front(running) as front:
        url = {"SMELT_REGISTRY_URL": front.url}
        for front.status in (301, 302, 307, 308):
            front.location = "https://schemas.example/base/PATH".replace("/PATH", "PATH")
            refused = lake.run("ingest", **url)
            assert refused.code == 78 and f"HTTP {front.status}, a redirect to https://schemas.example/base/schemas/types" in refused.error, refused
            assert refused.error.rstrip(".").endswith("Next: set registry.url to https://schemas.example/base"), refused.error
        front.location = "https://login.example/authorize?state=secret-canary"
        refused = lake.run("ingest", **url)
        assert refused.code == 78 and "a redirect to https://login.example/authorize, " in refused.error and "login page" in refused.error, refused
        assert "canary" not in refused.stdout + refused.stderr
        front.status, front.location, front.page = 200, "", b"\n<!doctype html><title>Sign in</title>"
        refused = lake.run("ingest", **url)
        assert refused.code == 78 and "a page (HTML)" in refused.error and "registry.url" in refused.error, refused
