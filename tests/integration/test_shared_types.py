"""An event type that several topics share, and contracts that say neither a topic nor where the event type is: what is meant is done, or it is
refused when the contracts are read. No broker is needed."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from harness import Smelt

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: {name}\nversion: 1.0.0\nstatus: active\nschema:\n"
WHEN = 1795508100000


def of_topic(topic: str, limit: int, *more: str) -> str:
    """One event type, with another limit in each topic."""
    lines = ("{name: kind, physicalName: event_type}", "{name: ts, physicalName: event_timestamp, logicalType: timestamp, transformLogic: epoch_ms}")
    value = f"{{name: v, logicalType: integer, logicalTypeOptions: {{maximum: {limit}}}}}"
    properties = "".join(f"      - {line}\n" for line in (*lines, value, *more))
    return HEAD.format(name=topic) + f"  - name: docked\n    physicalType: topic\n    physicalName: {topic}\n    properties:\n{properties}"


def write_pipeline(smelt: Smelt, **contracts: str) -> Path:
    folder = smelt.folder / "pipeline"
    (folder / "contracts").mkdir(parents=True, exist_ok=True)
    for name, text in contracts.items():
        (folder / f"contracts/{name}.odcs.yaml").write_text(text)
    (folder / "features.yaml").write_text("version: 1\nminimum_events: 1\nfeatures: [{name: n, aggregate: count}]\n")
    smelt.env["SMELT_PIPELINE_DIR"] = str(folder)
    return folder


def write_values(smelt: Smelt, name: str, *values: int) -> str:
    lines = ({"kind": "docked", "ts": WHEN + n, "v": value} for n, value in enumerate(values))
    (smelt.folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return name


@pytest.fixture
def shared(offline: Smelt) -> Smelt:
    write_pipeline(offline, one=of_topic("one", 10), two=of_topic("two", 100))
    return offline


def judged(smelt: Smelt) -> list[tuple[object, ...]]:
    good = "SELECT kafka_topic[-5:] AS file, v AS \"value\", 'good' AS rule FROM silver_clean_events"
    return smelt.rows(f"{good} UNION ALL SELECT kafka_topic[-5:], TRY_CAST(\"value\" AS INTEGER), rule FROM silver_quarantine ORDER BY ALL")


def test_a_file_is_judged_by_the_contract_of_its_topic(shared: Smelt) -> None:
    for name in ("one", "two"):
        shared("ingest", "--from", write_values(shared, f"{name}.jsonl", 5, 50, 500), "--topic", name)
    shared("refine")
    expected = [("jsonl", 5, "good")] * 2 + [("jsonl", 50, "good"), ("jsonl", 50, "range")] + [("jsonl", 500, "range")] * 2
    assert judged(shared) == expected
    shared("refine", "--full")
    assert judged(shared) == expected
    assert shared.rows("SELECT kafka_topic LIKE '%two.jsonl' FROM silver_clean_events WHERE v = 50") == [(True,)]


def test_a_file_that_turns_out_to_be_of_another_topic(shared: Smelt) -> None:
    """What was read first stays what it was; the rest of the file is of the topic that is named then."""
    shared("ingest", "--from", write_values(shared, "a.jsonl", 50), "--topic", "one")
    assert not shared("ingest", "--from", write_values(shared, "a.jsonl", 50, 60), "--topic", "two")["envelope_changed"]
    shared("refine", "--full")
    assert shared.rows("SELECT v FROM silver_clean_events") == [(60,)]
    assert shared.rows('SELECT "value", rule FROM silver_quarantine') == [("50", "range")]


def test_a_file_whose_topic_is_not_named_is_not_read(shared: Smelt) -> None:
    result = shared.run("ingest", "--from", write_values(shared, "a.jsonl", 5))
    assert result.code == 78 and "--topic one" in result.error and "--topic two" in result.error, result.error


def test_a_file_goes_on_as_what_it_was(shared: Smelt) -> None:
    shared("ingest", "--from", write_values(shared, "a.jsonl", 50), "--topic", "two")
    assert shared("ingest", "--from", write_values(shared, "a.jsonl", 50, 60))["landed"] == 1
    shared("refine")
    assert shared.value("SELECT count(*) FROM silver_clean_events") == 2


def test_a_restored_lake_knows_whose_a_file_is(shared: Smelt) -> None:
    shared("ingest", "--from", write_values(shared, "a.jsonl", 50), "--topic", "two")
    shared("backup", "backup")
    for file in shared.lake.parent.glob("lake.*"):
        file.unlink()
    shared("restore", "backup")
    shared("refine")
    assert shared.rows("SELECT v FROM silver_clean_events") == [(50,)]


def test_a_lake_of_before_is_mended_when_the_file_is_named_again(shared: Smelt) -> None:
    shared("ingest", "--from", write_values(shared, "a.jsonl", 50), "--topic", "two")
    with duckdb.connect(str(shared.lake)) as conn:
        conn.execute("UPDATE ledger_envelopes SET envelope = json_merge_patch(envelope, '{\"topic\": null}')")
    shared("refine")
    assert shared.rows("SELECT rule, reason FROM silver_quarantine") == [("unknown_type", "the contracts of this event type are of other topics")]
    shared("ingest", "--from", "a.jsonl", "--topic", "two")
    shared("refine", "--full")
    assert shared.rows("SELECT v FROM silver_clean_events") == [(50,)]


# ---- contracts without a topic ----


def table(name: str, *properties: str, more: str = "", physical: str = "") -> str:
    listed = "".join(f"      - {line}\n" for line in properties)
    return HEAD.format(name=name) + f"  - name: {name}\n" + (f"    physicalName: {physical}\n" if physical else "") + more + f"    properties:\n{listed}"


def topics_of(smelt: Smelt) -> dict[str | None, str]:
    return {one["topic"]: one["columns"]["event_type"] for one in smelt("contract", "check")["envelopes"]}


ID = "{name: id, logicalType: string, primaryKey: true}"
TS = "{name: ts, physicalName: event_timestamp, logicalType: timestamp}"
AT = "{name: at, physicalName: event_timestamp, logicalType: timestamp, transformLogic: epoch_ms}"
KIND = "{name: kind, physicalName: event_type}"


def test_contracts_in_files_of_their_own_have_a_topic_each(offline: Smelt) -> None:
    """As several schemas of one document have: nothing else tells their messages apart. Their columns may be anywhere."""
    write_pipeline(offline, a=table("orders", ID, TS, physical="shop.orders"), b=table("clicks", ID, AT))
    assert topics_of(offline) == {"shop.orders": "'orders'", "clicks": "'clicks'"}
    notes = [note for note in offline("contract", "check")["notes"] if "those of the topic" in note["text"]]
    assert [note["line"] for note in notes] == [7, 7] and "shop.orders" in notes[0]["text"]
    (offline.folder / "in.jsonl").write_text('{"id": "a", "at": 1795508100000}\n')
    assert offline("ingest", "--from", "in.jsonl", "--topic", "clicks")["landed"] == 1
    assert offline("refine")["silver"] == 1
    (offline.folder / "more.jsonl").write_text('{"id": "b", "at": 1795508100000}\n')
    result = offline.run("ingest", "--from", "more.jsonl")
    assert result.code == 78 and "--topic clicks" in result.error and "--topic shop.orders" in result.error


def test_one_contract_without_a_topic_is_of_any(offline: Smelt) -> None:
    write_pipeline(offline, a=table("orders", ID, TS), b=of_topic("one", 10))
    assert topics_of(offline) == {None: "'orders'", "one": "$.kind"}


def test_the_order_of_files_does_not_matter(offline: Smelt) -> None:
    """One that says where the event type is, and one that has the same envelope: events of one topic, whichever is read first."""
    for first, second in (("a", "b"), ("b", "a")):
        write_pipeline(offline, **{first: table("orders", ID, TS), second: table("clicks", KIND, ID, TS)})
        assert topics_of(offline) == {None: "$.kind"}


def test_one_of_another_envelope_has_its_own_topic(offline: Smelt) -> None:
    events = "    customProperties: [{property: envelope, value: cloudevents}]\n"
    for first, second in (("a", "b"), ("b", "a")):
        write_pipeline(offline, **{first: table("orders", ID, TS), second: table("clicks", "{name: data, logicalType: object, properties: [{name: v}]}", more=events)})
        assert topics_of(offline) == {None: "$.type", "orders": "'orders'"}
