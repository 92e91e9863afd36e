"""What `smelt contract infer` writes always loads, and takes the messages that it was made of: random samples in every envelope."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from harness import Broker, Json, Smelt, Topic, encode

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


def enveloped(chance: random.Random, n: int, row: Json) -> Json:
    """As companies make them: what is said of the event in one object, the event in another."""
    return {"header": {"msgId": f"m{n}", "eventName": "ab"[n % 2], "sentAt": 1_795_000_000_000 + n, "version": 3}, "data": {**row, "garageId": n % 7}}


def beside(chance: random.Random, n: int, row: Json) -> Json:
    return {"id": f"i{n}", "detail-type": "ab"[n % 2], "time": "2026-11-20T10:00:00Z", "account": "1", "detail": {**row, "order_id": n % 7}}


KINDS: dict[str, Callable[[random.Random, int, Json], Json]] = {"flat": lambda chance, n, row: row, "connect": connect, "smelt": smelts, "cloudevents": cloudevent, "debezium": change, "enveloped": enveloped, "beside": beside}


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


def test_a_day_alone_is_not_when_something_happened_if_a_time_says_it(offline: Smelt) -> None:
    """The first date of the message was taken, as the day on which a ship is expected."""
    rows = [{"container_no": "M1", "eta": "2026-11-20", "date": "2026-11-19", "utc_ts": f"2026-11-18T10:00:{n:02}+00:00"} for n in range(6)]
    assert infer(offline, offline.folder / "one", rows)["time"] == "utc_ts"
    assert infer(offline, offline.folder / "two", [{"eta": "2026-11-20", "date": row["date"]} for row in rows])["time"] == "date"


def test_what_may_be_the_time_and_is_not_taken_is_said(offline: Smelt) -> None:
    """Events of a file had the time of their reading, and nothing said why; the date in a version was the time."""
    payment = [{"id": f"evt_{n}", "api_version": "2026-01-01", "created": 1_795_000_000 + n} for n in range(6)]
    assert infer(offline, offline.folder / "one", payment)["time"] == "created"
    for kind, value in {"slashes": "2026/11/18 10:00:00", "array": [2026, 11, 18], "object": {"$date": 1}}.items():
        found = infer(offline, offline.folder / kind, [{"ts": value, "unit_id": f"u{n % 3}"} for n in range(6)])
        assert (found["time"], found["time_left"]) == (None, "ts"), kind
    mixed = [{"ts": 1_795_000_000 * 1000 ** (n % 2), "unit_id": f"u{n % 3}"} for n in range(6)]
    assert infer(offline, offline.folder / "mixed", mixed)["time_left"] == "ts"
    said = offline.run("contract", "infer", "--file", offline.folder / "mixed/in.jsonl", json_summary=False).stderr
    assert "not the time: ts: its values have no form of a time that contracts read, or several" in said, said


def test_an_envelope_of_ones_own_is_seen(offline: Smelt) -> None:
    """What is inside an object has no columns: features could use nothing of such a topic."""
    chance = random.Random(1)
    found = infer(offline, offline.folder / "one", [enveloped(chance, n, {"plate": f"p{n}"}) for n in range(30)])
    assert (found["payload"], found["time"], found["id"], found["entity"]) == ("data", "header.sentAt", "header.msgId", "data.garageId")
    assert found["event_types"] == {"a": 15, "b": 15} and [one["property"] for one in found["left_out"]] == ["header.version"]
    lake = duckdb.connect(str(offline.folder / "one/data/lake.duckdb"), read_only=True)
    assert lake.sql("SELECT event_id, event_type, event_timestamp::VARCHAR, garage_id, plate FROM silver_clean_events ORDER BY kafka_offset LIMIT 1").fetchall() == [("m0", "a", "2026-11-18 11:06:40", "0", "p0")]
    lake.close()
    found = infer(offline, offline.folder / "two", [beside(chance, n, {"x": 1}) for n in range(30)])
    assert (found["payload"], found["time"], found["entity"]) == ("detail", "time", "detail.order_id")
    found = infer(offline, offline.folder / "three", [{"ts": 1_795_000_000_000 + n, "bike_id": f"b{n % 3}", "status": "on", "data": {"x": n}} for n in range(30)])
    assert found["payload"] is None  # the status would have no column


def test_an_entity_may_be_missing_in_some_events(offline: Smelt) -> None:
    """Visitors who are not signed in: nothing was the entity, so that Gold was empty."""
    rows = [{"ts": 1_795_000_000_000 + n, "user_id": f"u{n % 4}" if n % 3 else None, "page": "x"} for n in range(60)]
    assert infer(offline, offline.folder / "one", rows)["entity"] == "user_id"
    lake = duckdb.connect(str(offline.folder / "one/data/lake.duckdb"), read_only=True)
    assert lake.sql("SELECT count(*), sum(events)::INTEGER FROM gold_user_features").fetchall() == [(4, 40)]
    lake.close()
    assert infer(offline, offline.folder / "two", [row | {"shop_id": f"s{n % 9}"} for n, row in enumerate(rows)])["entity"] == "shop_id"


def test_names_beyond_a_thousand_are_said(offline: Smelt) -> None:
    found = infer(offline, offline.folder / "one", [{f"c{i}": 1 for i in range(1003)}])
    assert found["left_out"] == [{"property": "", "reason": "the message has more than 1,000 names: those beyond are in no contract"}]


def test_every_form_of_a_file_that_ingest_reads(offline: Smelt) -> None:
    """Lines behind the time of their record, behind the prefix of a schema registry; a file whose name begins with a dot."""
    forms = {"times.jsonl": b'1795004834828\t{"a_id":"x"}\n', "prefix.jsonl": b'\0\0\0\0\7{"a_id":"x"}\n', ".hidden": b'{"a_id":"x"}\n'}
    for name, line in forms.items():
        (offline.folder / name).write_bytes(line + b"[1]\n")
        said = offline.run("contract", "infer", "--file", name, "--pipeline", f"of-{name}", json_summary=False)
        assert said.code == 0 and "1 message is no JSON object" in said.stderr, said.stderr
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


def call(n: int) -> Json:
    """What a telephone exchange says of a call: 500 of these have two kinds, ten subscribers, no faults."""
    return {
        "id": f"e{n}", "kind": ["call", "sms"][n % 2], "ts": f"2026-11-2{n % 8}T10:{n % 60:02d}:00Z", "msisdn": f"26097000000{n % 10}", "seconds": n, "price": n * 0.13 + 0.01,
        "roaming": bool(n % 3), "day": f"2026-11-{1 + n % 28:02d}", "place": {"lat": 1.5, "cell": "a"}, "tags": [1, 2],
    }  # fmt: skip


def without(name: str) -> Callable[[Json], Json]:
    return lambda message: {key: value for key, value in message.items() if key != name}


def other(name: str, value: Any) -> Callable[[Json], Json]:
    return lambda message: message | {name: value}


FAULTS: dict[str, Callable[[Json], Json]] = {
    "no time": without("ts"), "null time": other("ts", None), "text for a time": other("ts", "yesterday"), "number for a time": other("ts", 5), "a time of the far future": other("ts", "9999-12-31T00:00:00Z"),
    "no type": without("kind"), "number for a type": other("kind", 7), "empty type": other("kind", ""), "no entity": without("msisdn"), "null entity": other("msisdn", None), "empty entity": other("msisdn", ""),
    "no id": without("id"), "number for an id": other("id", 5), "the same id": other("id", "same"), "a long id": other("id", "x" * 300), "text for a number": other("seconds", "n/a"), "object for a number": other("seconds", {}),
    "a number of 26 digits": other("seconds", 10**25), "text for a price": other("price", "12,5"), "a price of 31 digits": other("price", 1e30), "a price of 17 decimals": other("price", 0.12345678901234567),
    "text for a flag": other("roaming", "true"), "text for a day": other("day", "n/a"), "text for an object": other("place", "x"), "list for an object": other("place", []), "text inside an object": other("place", {"lat": "t", "cell": "b"}),
    "text for a list": other("tags", "x"), "text in a list": other("tags", ["x"]), "another message": lambda _: {"heartbeat": 1}, "a message in a wrapper": lambda message: {"payload": message, "schema": {}},
}  # fmt: skip


def properties(contract: Path) -> dict[str, dict[str, tuple[Any, ...]]]:
    """By event type: what each property is."""
    schemas = yaml.safe_load(contract.read_text())["schema"]
    keys = ("logicalType", "physicalName", "physicalType", "transformLogic", "customProperties")
    return {one["name"]: {p["name"]: tuple(str(p.get(key)) for key in keys) for p in one["properties"]} for one in schemas}


def inferred(smelt: Smelt, name: str, messages: Sequence[Any]) -> tuple[Path, Json]:
    file = smelt.folder / f"{name}.jsonl"
    file.write_text("".join(json.dumps(message) + "\n" for message in messages))
    found = smelt("contract", "infer", "--file", file, "--pipeline", smelt.folder / f"{name}-my")
    return smelt.folder / f"{name}-my/contracts/{name}.odcs.yaml", found


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_in_two_messages_of_a_hundred_do_not_mislead(offline: Smelt, fault: str) -> None:
    sound = properties(inferred(offline, "sound", [call(n) for n in range(500)])[0])
    contract, found = inferred(offline, "faulty", [FAULTS[fault](call(n)) if n % 50 == 7 else call(n) for n in range(500)])
    seen = properties(contract)
    assert seen.keys() == sound.keys(), found
    for event_type, expected in sound.items():
        got = {name: seen[event_type].get(name) for name in expected}
        if fault == "a number of 26 digits":  # a column that is a little wider does no harm
            got, expected = ({**one, "seconds": None} for one in (got, expected))
        assert got == expected, contract.read_text()
    lake = {"SMELT_PIPELINE_DIR": str(contract.parents[1]), "SMELT_DATA_DIR": str(offline.folder / "data")}
    assert offline.run("contract", "check", **lake).code == 0
    done = offline("ingest", "--from", offline.folder / "faulty.jsonl", **lake)
    refined = offline("refine", **lake)
    assert refined["silver"] >= 490, (done, refined, contract.read_text())


def test_a_contract_says_how_many_messages_are_odd(offline: Smelt) -> None:
    messages = [other("ts", "yesterday")(call(n)) if n % 50 == 7 else other("day", "n/a")(call(n)) if n % 50 == 9 else call(n) for n in range(500)]
    text = inferred(offline, "odd", messages)[0].read_text()
    assert "Missing, or not what it is in the others, in 10 of 250 messages of the sample." in text, text
    assert "10 of 250 texts of the sample are no date." in text, text


@pytest.mark.parametrize("odd", ["heartbeat", "transaction"])
def test_the_envelope_is_seen_among_messages_of_another_form(offline: Smelt, odd: str) -> None:
    source = {"name": "db", "table": "orders", "ts_ms": 1_795_000_000_000}
    others = {"heartbeat": {"ts_ms": 1_795_000_000_000}, "transaction": {"status": "BEGIN", "id": "571:53", "ts_ms": 1_795_000_000_000}}
    changes = [{"op": "c", "before": None, "after": {"customer_id": f"c{n % 7}"}, "source": {**source, "lsn": n}} if n % 50 else others[odd] for n in range(200)]
    assert inferred(offline, "changes", changes)[1]["envelope"] == "debezium"
    events = [cloudevent(random.Random(n), 1 + 3 * n, {"x": n}) if n % 50 else {"status": "up"} for n in range(200)]
    assert inferred(offline, "events", events)[1]["envelope"] == "cloudevents"


@pytest.mark.parametrize("value", [1_795_000_000.25, "1795000000123", "1795000000.25"])
def test_times_as_fractions_and_as_texts_of_digits(offline: Smelt, value: Any) -> None:
    messages = [{"ts": value, "unit_id": f"u{n % 3}", "n": n} for n in range(20)]
    found = infer(offline, offline.folder / "one", messages)
    assert found["time"] == "ts", found
    with duckdb.connect(str(offline.folder / "one/data/lake.duckdb"), read_only=True) as lake:
        assert lake.execute("SELECT DISTINCT event_timestamp::DATE::VARCHAR FROM bronze_raw_events").fetchall() == [("2026-11-18",)]


def test_topics_of_one_pipeline_agree_on_its_entity(new_smelt: Callable[..., Smelt], broker: Broker) -> None:
    """The first contract says what events are about; those of other topics join it where they have it, and leave theirs for features.yaml."""
    topics = [broker.topic(f"{name}-{random.randrange(10**9)}", 1) for name in ("devices", "readings", "sales", "calls", "visits")]
    rows: list[Callable[[int], Json]] = [
        lambda n: {"ts": 1_795_000_000_000 + n, "device_id": f"d{n % 3}", "kind": ["on", "off"][n % 2]},
        lambda n: {"ts": 1_795_000_000_000 + n, "userId": n % 4, "deviceId": f"d{n % 3}", "watt": n},
        lambda n: {"specversion": "1.0", "id": f"s{n}", "type": "sale", "source": "/pos", "subject": f"c{n % 5}", "time": "2026-11-20T10:00:00Z", "data": {"price": n}},
        lambda n: {"id": f"e{n}", "type": "call", "source": "switch", "subscriber_id": f"m{n % 6}", "timestamp": "2026-11-20T10:00:00Z", "quality_score": 90, "payload": {"s": n}},
        lambda n: {"ts": 1_795_000_000_000 + n, "page": "/"},
    ]
    smelt = new_smelt(kafka_bootstrap=broker.address)
    smelt.env["SMELT_PIPELINE_DIR"] = str(smelt.folder / "my")
    left = []
    for topic, row in zip(topics, rows, strict=True):
        for n in range(20):
            broker.producer.produce(topic.name, encode(row(n)), key=f"visitor-{n % 3}")
        assert broker.producer.flush(60) == 0
        left.append(smelt("contract", "infer", "--topic", topic.name, "--pipeline", "my").get("entity_left"))
    assert left == [None, "userId", "subject", "subscriber_id", "kafka_key"]
    assert smelt.run("contract", "check").code == 0
    assert (smelt("ingest")["landed"], smelt("refine")["silver"]) == (100, 100)
    assert smelt.rows("SELECT device_id, events FROM gold_device_features ORDER BY 1") == [("d0", 14), ("d1", 14), ("d2", 12)]


def test_connect_without_a_schema_is_connect(offline: Smelt) -> None:
    found = infer(offline, offline.folder / "one", [{"schema": None, "payload": {"ts": 1_795_000_000_000 + n, "user_id": n % 3}} for n in range(20)])
    assert (found["envelope"], found["time"], found["entity"]) == ("connect", "ts", "user_id")


UNREADABLE = {
    b"\x1f\x8b\x08": "compressed with gzip", b"\xff\xfe{\0": "UTF-16", b"\xac\xed\0\5": "serialized by Java", b"\0\0\0\0\7\2x": "infer reads JSON alone", b"\3\0": "AWS Glue",
    b'"{': "serialized them twice", b"{'id': 1}": "with ' around names", b'[{"id": 1}]': "each message must be one event", b'{"a": 1} {"b": 2}': "several objects in one message", b'{"a": NaN} ': "NaN or Infinity", b'{"a": "': "cut off", b'{"a": 1,} ': "nearly JSON", b"<a/>": "XML", b"1,2": "neither JSON nor",
}  # fmt: skip


def test_infer_says_what_messages_are_that_are_no_objects(offline: Smelt) -> None:
    file = offline.folder / "in.jsonl"
    for begin, words in UNREADABLE.items():
        file.write_bytes(b'{"id": 1,,}\n' + (begin + b"x\n") * 3 + b"true\n")
        error = offline.run("contract", "infer", "--file", file).error
        assert error.startswith("none of 5 messages is a JSON object: ") or begin == b"1,2", error
        assert words in error, error
        file.write_bytes(b'{"ts": 1795000000000}\n' * 30 + begin + b"x\n")
        said = offline.run("contract", "infer", "--file", file, json_summary=False).stderr
        assert "1 message is no JSON object and was not looked at; most of them are " in said and words in said, said
