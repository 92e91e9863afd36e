"""What `smelt contract infer` writes always loads, and takes the messages that it was made of: random samples in every envelope."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from harness import Json, Smelt, Topic

NAMES = [
    "customerId", "CustomerID", "customer-id", "Event_Id", "id", "ID", "type", "eventType", "event-type", "source", "timestamp", "eventTime", "created at", "quality_score", "payload", "raw_payload",
    "subscriber_id", "data", "time", "subject", "kafka_offset", "batch_id", "rowid", "model_id", "modelId", "userId", "deviceID", "account", "rank", "status", "имя", "😀", "7up", "a.b", "on", "null",
    "V", "v", "", "x\"y", "a\\b", "it's", "{{t}}", "n" * 150, "Net price (EUR)", "select", "$ref", "entity", "churn_probability", "value", "schema", "op", "expires_at", "valid until", "z\0z", "after", "specversion",
]  # fmt: skip
VALUES: Sequence[Callable[[random.Random], Any]] = (
    lambda r: r.randint(-5, 5), lambda r: r.randint(0, 10**15), lambda r: r.randint(10**18, 10**20), lambda r: round(r.random() * 100, 2), lambda r: r.random(), lambda r: r.random() * 1e18,
    lambda r: r.choice(["a", "b"]), lambda r: "", lambda r: r.choice(["", "x", "y z", "{{q}}"]), lambda r: f"C{r.randint(0, 4)}", lambda r: f"u-{r.random()}", lambda r: "é\u202e\x01" * r.randint(0, 3),
    lambda r: f"2026-11-{r.randint(10, 20)}", lambda r: f"2026-11-20T10:{r.randint(10, 59)}:00Z", lambda r: f"1{r.randint(0, 9)}:30", lambda r: 1_795_000_000_000 + r.randint(0, 10**6), lambda r: r.random() < 0.5,
    lambda r: None, lambda r: [], lambda r: [1, 2.5], lambda r: [1, "a"], lambda r: [{"a": 1}, {"b": None}], lambda r: {}, lambda r: {"a": 1, "A": 2, "": 3}, lambda r: {"deep": {"x": r.random()}},
    lambda r: r.choice(["a\0", "b", "\0"]), lambda r: {"n\0n": 1, "n": r.choice([1, {"\0": 2}])}, lambda r: "9999-12-31", lambda r: 3_700_000_000, lambda r: f"{{{r.randint(0, 4)}-a}}",
    lambda r: r.choice([1, "one", None]), lambda r: r.choice([1, 2.5]), lambda r: r.choice([True, {}]),
)  # fmt: skip


def rows(chance: random.Random, count: int) -> list[Json]:
    """Objects with the same columns: each of a kind of values, some of them not always there."""
    columns = [(name, chance.choice(VALUES), chance.random() < 0.3) for name in chance.sample(NAMES, chance.randint(3, 14))]
    return [{name: value(chance) for name, value, optional in columns if not optional or chance.random() < 0.8} for _ in range(count)]


def some(chance: random.Random, message: Json, *names: str) -> Json:
    return {key: value for key, value in message.items() if key not in names or chance.random() < 0.7}


def smelts(chance: random.Random, n: int, row: Json) -> Json:
    head = {"id": f"i{n}", "type": "ab"[n % 2], "source": "s", "subscriber_id": f"a{n % 7}", "timestamp": "2026-11-20T10:00:00Z", "quality_score": 90, "payload": row}
    return some(chance, head, "subscriber_id", "quality_score")


def cloudevent(chance: random.Random, n: int, row: Json) -> Json:
    return some(chance, {"specversion": "1.0", "id": f"i{n}", "source": "/s", "type": "ab"[n % 2], "time": "2026-11-20T10:00:00Z", "subject": f"c{n % 7}", "data": row}, *(("time", "subject") if n % 3 else ()))


def change(chance: random.Random, n: int, row: Json) -> Json:
    source = some(chance, {"name": "db", "table": "orders", "lsn": n, "ts_ms": 1_795_000_000_000}, *(("lsn", "ts_ms") if len(row) % 2 else ()))
    return {"op": "c", "before": None, "after": row, "source": source, "ts_ms": 1_795_000_000_000}


def connect(chance: random.Random, n: int, row: Json) -> Json:
    return {"schema": {"type": "struct"}, "payload": row}


KINDS: dict[str, Callable[[random.Random, int, Json], Json]] = {"flat": lambda chance, n, row: row, "connect": connect, "smelt": smelts, "cloudevents": cloudevent, "debezium": change}


def infer(smelt: Smelt, folder: Path, messages: Sequence[Json]) -> Json:
    """The contract of these messages, and nothing of them in quarantine."""
    folder.mkdir()
    file = folder / "in.jsonl"
    file.write_text("".join(json.dumps(message, ensure_ascii=False) + "\n" for message in messages))
    found = smelt("contract", "infer", "--file", file, "--pipeline", folder / "my")
    lake = {"SMELT_PIPELINE_DIR": str(folder / "my"), "SMELT_DATA_DIR": str(folder / "data")}
    text = (folder / "my/contracts/in.odcs.yaml").read_text()
    checked = smelt.run("contract", "check", **lake)
    assert checked.code == 0, (checked.summary, text)
    done = smelt("ingest", "--from", file, **lake)
    assert (done["landed"], done["rejected"]) == (len(messages), 0), (done, text)
    refined = smelt("refine", **lake)
    listed = smelt.run("quarantine", "list", **lake).stdout if refined["quarantined"] else ""
    assert (refined["silver"], refined["quarantined"]) == (len(messages), 0), (listed, text)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_infer_takes_its_own_sample(offline: Smelt, kind: str) -> None:
    for seed in range(4):
        chance = random.Random(f"{kind} {seed}")
        messages = [KINDS[kind](chance, n, row) for n, row in enumerate(rows(chance, chance.choice([3, 20, 40])))]
        infer(offline, offline.folder / str(seed), messages)


def test_infer_names_what_it_leaves_out(offline: Smelt) -> None:
    messages = [{"ts": 1_795_000_000_000 + n, "V": 1, "v": 2, 'x"y': 1, "many": 12345678901234567890, "fine": 0.1234567890123, "mixed": [1, "one"][n % 2], "o": {"": 1}} for n in range(20)]
    found = infer(offline, offline.folder / "one", messages)
    assert {one["property"]: one["reason"] for one in found["left_out"]} == {
        "v": "another property has this name, with other capitals", 'x"y': "a contract cannot have this name", "many": "its numbers have more than 18 digits",
        "fine": "its numbers have more than 9 decimals", "mixed": "its values are of several kinds", "o.": "a contract cannot have this name",
    }  # fmt: skip
    said = offline.run("contract", "infer", "--file", offline.folder / "one/in.jsonl", json_summary=False).stderr
    assert "left out: mixed: its values are of several kinds" in said, said


def test_lines_without_a_time_have_that_of_their_reading(offline: Smelt) -> None:
    found = infer(offline, offline.folder / "one", [{"x": 1}, {"x": 2}])
    assert found["time"] is None
    assert "time: that of Kafka's records; of a file, when it is read" in offline.run("contract", "infer", "--file", offline.folder / "one/in.jsonl", json_summary=False).stderr
    lake = {"SMELT_DATA_DIR": str(offline.folder / "one/data"), "SMELT_PIPELINE_DIR": str(offline.folder / "one/my")}
    assert offline("refine", "--full", **lake)["silver"] == 2


def test_a_time_to_come_is_not_when_the_event_happened(offline: Smelt) -> None:
    """An event of next year is refused; a birthday would put each event decades ago."""
    dates = {"birth_date": "1980-02-03", "contract_end": "9999-12-31", "expires_at": 3_700_000_000, "valid_until": "2026-11-30T00:00:00Z"}
    rows = [{**dates, "customer_id": f"c{n % 3}"} for n in range(6)]
    assert infer(offline, offline.folder / "one", rows)["time"] is None
    assert infer(offline, offline.folder / "two", [{**row, "booked": "2026-11-20T10:00:00Z"} for row in rows])["time"] == "booked"


def test_every_form_of_a_file_that_ingest_reads(offline: Smelt) -> None:
    """Lines behind the time of their record, behind the prefix of a schema registry; a file whose name begins with a dot."""
    forms = {"times.jsonl": b'1795004834828\t{"a_id":"x"}\n', "prefix.jsonl": b'\0\0\0\0\7{"a_id":"x"}\n', ".hidden": b'{"a_id":"x"}\n'}
    for name, line in forms.items():
        (offline.folder / name).write_bytes(line + b"[1]\n")
        said = offline.run("contract", "infer", "--file", name, "--pipeline", f"of-{name}", json_summary=False)
        assert said.code == 0 and "1 messages are no JSON objects" in said.stderr, said.stderr
        lake = {"SMELT_PIPELINE_DIR": str(offline.folder / f"of-{name}"), "SMELT_DATA_DIR": str(offline.folder / f"data-{name}")}
        assert offline("ingest", "--from", name, **lake)["landed"] == 1
        assert offline("refine", **lake)["silver"] == 1
    (offline.folder / "avro.jsonl").write_bytes(b"\0\0\0\0\7\2x\4")
    assert "infer reads JSON alone" in offline.run("contract", "infer", "--file", "avro.jsonl").error
    (offline.folder / "empty.jsonl").touch()
    assert "there is no message" in offline.run("contract", "infer", "--file", "empty.jsonl").error


@pytest.mark.parametrize("keys", ["several", "one", "once", "json", "missing"])
def test_the_key_of_the_records_is_the_entity_when_no_property_is(smelt: Smelt, topic: Topic, keys: str) -> None:
    key: dict[str, Callable[[int], str | None]] = {
        "several": lambda n: f"B-{n % 5}", "one": lambda _: "k", "once": lambda n: f"B-{n}", "json": lambda n: f'{{"id":{n % 5}}}', "missing": lambda n: f"B-{n % 5}" if n != 7 else None,
    }  # fmt: skip
    for n in range(20):
        topic.broker.producer.produce(topic.name, json.dumps({"ts": 1_795_000_000_000 + n, "battery": n}).encode(), key=key[keys](n))
    assert topic.broker.producer.flush(30) == 0
    folder = smelt.folder / "my"
    found = smelt("contract", "infer", "--topic", topic.name, "--pipeline", folder)
    assert found["entity"] == ("kafka_key" if keys == "several" else None), found
    lake = {"SMELT_PIPELINE_DIR": str(folder)}
    assert smelt("ingest", **lake)["landed"] == 20
    assert smelt("refine", **lake)["silver"] == 20
    if keys == "several":
        assert smelt.rows("SELECT thing_id, events FROM gold_thing_features ORDER BY 1") == [(f"B-{n}", 4) for n in range(5)]
        said = smelt.run("contract", "infer", "--topic", topic.name, json_summary=False).stderr
        assert "entity: the key of Kafka's records" in said, said
