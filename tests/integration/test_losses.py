"""Messages that are lost for good are told apart from offsets that never had one, in every report: audit, status, metrics, API."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import duckdb
from confluent_kafka import Producer
from harness import FREE_PORT, Api, Json, Smelt, Topic, billing, encode, eventually, filled, serving
from test_status import part

MARKER = 1  # at the end of a transaction: an offset without a message
NEXT = 100 + MARKER  # what the first run has read
KEPT = 190  # what Kafka still has


def lose(smelt: Smelt, topic: Topic) -> None:
    """A transaction that is read, and 100 messages of which retention removes all but the last before the next run."""
    producer = Producer(topic.broker.client_options() | {"transactional.id": topic.name})
    producer.init_transactions(20)
    producer.begin_transaction()
    topic.send([encode(billing(n)) for n in range(100)], partition=0, producer=producer)
    producer.commit_transaction(20)
    smelt("run")
    assert part(smelt.run("status").summary, "bronze")["state"] == "ok"  # a marker is no loss
    assert smelt.audit()["lost"] == 0
    topic.send([encode(billing(n)) for n in range(100, 200)], partition=0)
    topic.delete_records(0, before=KEPT)
    smelt("run")


def expect_range(loss: Json, topic: Topic) -> None:
    assert (loss["topic"], loss["partition"], loss["first_offset"], loss["next_offset"]) == (topic.name, 0, NEXT, KEPT), loss
    assert loss["reason"] == "retention" and re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z$", loss["noticed_at"]), loss


def expect_metrics(api: Api) -> None:
    fates = {fate: int(float(n)) for fate, n in re.findall(r'smelt_bronze_offsets_total\{fate="(\w+)"\} (\S+)', api.ask("/metrics")[2].decode())}
    assert fates == {"landed": 111, "duplicate": 0, "rejected": 0, "gap": MARKER, "lost": KEPT - NEXT}


def test_what_retention_removed_is_in_every_report(new_smelt: Callable[..., Smelt], topic: Topic) -> None:
    smelt = new_smelt(topic)
    lose(smelt, topic)
    audit = smelt.audit()
    assert (audit["gaps"], audit["lost"]) == (MARKER + KEPT - NEXT, KEPT - NEXT)
    (loss,) = audit["losses"]
    expect_range(loss, topic)
    said = smelt.run("audit", json_summary=False).stdout
    assert "90 gaps (89 of them lost)" in said and f"{topic.name} partition 0: offsets {NEXT} to {KEPT - 1}, retention" in said

    bronze = part(smelt.run("status").summary, "bronze")
    assert bronze["state"] == "degraded" and bronze["lost"] == KEPT - NEXT, bronze
    assert "89 offsets were lost for good" in bronze["detail"] and f"{topic.name} partition 0, offsets {NEXT} to {KEPT - 1}, noticed" in bronze["detail"]
    assert "retention" in bronze["detail"] and "docs/runbook.md" in bronze["detail"]
    expect_range(bronze["losses"][0], topic)

    running = smelt.start("serve", *FREE_PORT)
    api = serving(running)
    proof = api.get("/api/v1/audit")
    assert proof["balance"]["lost"] == KEPT - NEXT and proof["balance"]["difference"] == 0 and proof["last"]["lost"] == KEPT - NEXT
    expect_range(proof["losses"][0], topic)
    assert api.get("/api/v1/overview")["events"]["lost"] == KEPT - NEXT
    checked = eventually("the parts are checked", lambda: (status := api.get("/api/v1/status"))["components"] and status)
    assert part(checked, "bronze")["state"] == "degraded"
    assert api.ask("/readyz")[0] == 200 and json.loads(api.ask("/readyz")[2])
    expect_metrics(api)


def test_a_snapshot_of_an_earlier_version_is_served_without_losses(new_smelt: Callable[..., Smelt]) -> None:
    smelt = filled(new_smelt())
    (snapshot,) = (smelt.data / "snapshots").glob("gen-*.duckdb")
    with duckdb.connect(str(snapshot)) as conn:
        conn.execute("DROP TABLE serving_losses")
    assert part(smelt.run("status").summary, "bronze")["lost"] == 0
    api = serving(smelt.start("serve", *FREE_PORT))
    proof = api.get("/api/v1/audit")
    assert (proof["balance"]["lost"], proof["losses"], proof["balance"]["difference"]) == (0, [], 0)
    assert api.get("/api/v1/overview")["events"]["lost"] == 0
