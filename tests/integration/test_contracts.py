"""`smelt contract infer`, `diff` and `docs`; and what the standard's own tool says about contracts of ours and those that infer writes."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
import yaml
from harness import ROOT, Json, Smelt, Topic, events
from test_declarations import contract, write

PERSON = {"email": "anna.banda@example.org", "fullName": "Anna Banda", "msisdn": "+260 97 1234567", "card": "4111111111111111", "userId": "u-77", "plate": "ABC 123"}


def write_lines(smelt: Smelt, name: str, lines: Iterable[Json]) -> Path:
    file = smelt.folder / name
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return file


def lint(*files: Path) -> None:
    """datacontract-cli validates a contract against the JSON schema of the standard that it carries."""
    for file in files:
        done = subprocess.run([Path(sys.executable).with_name("datacontract"), "lint", file], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{file}\n{done.stdout}{done.stderr}"


# ---- infer: our own envelope ----


def wrapped(number: int, payload: Json, event_type: str = "T") -> Json:
    return {"id": str(number), "type": event_type, "source": "s", "subscriber_id": f"a{number % 7}", "timestamp": f"2026-11-20T10:{number % 60:02d}:00Z", "quality_score": 90, "payload": payload}


def ride(number: int) -> Json:
    chance = random.Random(number)
    return {
        "station": chance.choice(["North", "South"]), "battery": chance.randint(0, 100), "tilt": chance.randint(-5, 5), "price": round(chance.random() * 9, 2),
        "paid": number % 3 == 0, "on": "2026-11-20", "opens": "08:30", "endedAt": "2026-11-20T10:00:00Z" if number % 2 else None,
        "rider": PERSON, "stops": [{"name": "x", "minutes": number}], "Count": 10**12 + number, "no": {},
    }  # fmt: skip


def test_what_infer_writes_loads_and_takes_the_sample(offline: Smelt) -> None:
    folder = offline.folder / "mine"
    file = write_lines(offline, "in.jsonl", [wrapped(n, ride(n)) for n in range(200)])
    found = offline("contract", "infer", "--file", file, "--pipeline", folder)
    assert (found["messages"], found["unreadable"], found["envelope"], found["event_types"]) == (200, 0, "smelt", {"T": 200})
    offline.env["SMELT_PIPELINE_DIR"] = str(folder)
    checked = offline("contract", "check")
    assert checked["ok"] and checked["warnings"] == []
    lint(folder / "contracts/in.odcs.yaml")
    offline("ingest", "--from", file)
    done = offline("refine")
    assert (done["silver"], done["quarantined"], done["drifted"]) == (200, 0, 0)
    (schema,) = yaml.safe_load((folder / "contracts/in.odcs.yaml").read_text())["schema"]
    fields = {field["name"]: field for field in schema["properties"][6]["properties"]}
    types = {name: (field["logicalType"], field.get("physicalType"), field.get("required", False)) for name, field in fields.items()}
    assert types == {
        "station": ("string", None, True), "battery": ("integer", "INTEGER", True), "tilt": ("integer", "INTEGER", True), "price": ("number", "DECIMAL(18,2)", True),
        "paid": ("boolean", None, True), "on": ("date", None, True), "opens": ("time", None, True), "endedAt": ("timestamp", None, False),
        "rider": ("object", None, True), "stops": ("array", None, True), "Count": ("integer", "BIGINT", True), "no": ("object", None, True),
    }  # fmt: skip
    (rule,) = fields["station"]["quality"]
    assert rule["arguments"]["validValues"] == ["North", "South"] and rule["severity"] == "warning"
    assert fields["battery"]["logicalTypeOptions"] == {"minimum": 0} and "logicalTypeOptions" not in fields["tilt"]
    assert fields["tilt"]["description"] == "-5 to 5 in the sample."
    assert fields["stops"]["items"]["properties"][0]["name"] == "name"


def test_infer_masks_personal_data(offline: Smelt) -> None:
    file = write_lines(offline, "in.jsonl", [wrapped(n, ride(n) | {"note": "call bob@example.com", "contact": "bob@example.com"}) for n in range(30)])
    text = offline.run("contract", "infer", "--file", file, json_summary=False).stdout
    for secret in [*PERSON.values(), "bob@", "1234567"]:
        assert secret not in text.replace("call bob@example.com", ""), secret
    rider = next(f for f in yaml.safe_load(text)["schema"][0]["properties"][6]["properties"] if f["name"] == "rider")
    masked = {f["name"]: f["examples"] for f in rider["properties"]}
    assert masked == {"email": ["xxxx.xxxxx@xxxxxxx.xxx"], "fullName": ["xxxx xxxxx"], "msisdn": ["+999 99 9999999"], "card": ["9999999999999999"], "userId": ["x-99"], "plate": ["xxx 999"]}
    assert all(f["classification"] == "confidential" for f in rider["properties"])


def test_infer_reads_the_newest_messages_of_a_topic(smelt: Smelt, topic: Topic) -> None:
    topic.send([b"not json", *events(0, 400)], partition=0)
    topic.send(events(400, 100), partition=1)
    few = smelt("contract", "infer", "--topic", topic.name, "--sample", "50")
    assert 50 <= few["messages"] <= 52 and few["unreadable"] == 0
    every = smelt("contract", "infer", "--topic", topic.name, "--pipeline", smelt.folder / "mine")
    assert every["messages"] == 500 and every["unreadable"] == 1
    smelt.env["SMELT_PIPELINE_DIR"] = str(smelt.folder / "mine")
    assert smelt("contract", "check")["ok"]
    schema = every["contract"]["schema"][0]
    assert (schema["physicalType"], schema["physicalName"]) == ("topic", topic.name)
    assert "does not exist" in smelt.run("contract", "infer", "--topic", "none").error


def test_infer_needs_something_to_read(offline: Smelt) -> None:
    (offline.folder / "in.jsonl").write_text("{1]\nnot json\n\n7\n")
    assert "none of 3 messages is a JSON object" in offline.run("contract", "infer", "--file", "in.jsonl").error
    assert offline.run("contract", "infer").code == 64
    assert offline.run("contract", "infer", "--file", "none").code == 74


# ---- infer: envelopes ----


def flat(number: int) -> Json:
    return {"bike_id": f"b{number % 9}", "ts": 1_795_000_000_000 + number, "kind": ["start", "end"][number % 2], "battery": number % 100}


def cloudevent(number: int) -> Json:
    return {"specversion": "1.0", "id": str(number), "source": "/pay", "type": "card.paid", "time": "2026-11-20T10:00:00Z", "subject": f"c{number % 9}", "data": {"amount": 0.5 + number}}


def change(number: int) -> Json:
    return {"op": "c", "before": None, "after": {"id": number, "customer_id": number % 9}, "source": {"name": "db", "table": "orders", "lsn": number}, "ts_ms": 1_795_000_000_000}


def connect(value: Json) -> Json:
    return {"schema": {"type": "struct", "fields": []}, "payload": value}


ENVELOPES: Mapping[str, tuple[list[Json], Json]] = {
    "flat": ([flat(n) for n in range(100)], {"time": "ts", "entity": "bike_id", "event_types": {"start": 50, "end": 50}}),
    "cloudevents": ([cloudevent(n) for n in range(100)], {"event_types": {"card.paid": 100}}),
    "debezium": ([change(n) for n in range(100)], {"entity": "customer_id", "event_types": {"orders": 100}}),
    "connect": ([connect(flat(n)) for n in range(100)], {"time": "ts", "entity": "bike_id"}),
    "connect+debezium": ([connect(change(n)) for n in range(100)], {"entity": "customer_id", "event_types": {"orders": 100}}),
    "smelt": ([wrapped(n, {"v": n}, event_type=["A", "B"][n % 2]) for n in range(100)], {"event_types": {"A": 50, "B": 50}}),
}


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_infer_guesses_the_envelope(offline: Smelt, envelope: str) -> None:
    messages, expected = ENVELOPES[envelope]
    out = offline.folder / "c.odcs.yaml"
    found = offline("contract", "infer", "--file", write_lines(offline, "in.jsonl", messages), "--out", out)
    assert found["envelope"] == envelope and {key: found[key] for key in expected} == expected
    lint(out)
    document = yaml.safe_load(out.read_text())
    assert document == found["contract"]
    for schema in document["schema"]:
        marks = [] if envelope == "smelt" else [{"property": "envelope", "value": envelope}]
        assert schema.get("customProperties", []) == marks
    if envelope in ("flat", "connect"):
        kind, ts, bike, *others = document["schema"][0]["properties"]
        assert (kind["physicalName"], ts["physicalName"], ts["transformLogic"]) == ("event_type", "event_timestamp", "epoch_ms")
        assert bike["customProperties"] == [{"property": "entity", "value": "bike"}] and [f["name"] for f in others] == ["battery"]


# ---- the standard's tool ----


def test_our_contracts_are_valid_for_the_tool_of_the_standard() -> None:
    files = [*ROOT.glob("pipeline/contracts/*.yaml"), *ROOT.glob("tests/pipelines/*/contracts/*.yaml"), *ROOT.glob("examples/*/contracts/*.yaml")]
    assert len(files) >= 5
    lint(*files)


# ---- diff ----


def field(name: str = "v", logical: str = "integer", **more: object) -> Json:
    return {"name": name, "logicalType": logical, "physicalName": name, **more}


def limits(**options: object) -> Json:
    return {"logicalTypeOptions": options}


DIFFS: Mapping[str, tuple[list[Json], list[Json], list[tuple[str, str, str]], int]] = {
    "nothing": ([field(description="a")], [field(description="b")], [], 0),
    "a new field": ([field()], [field(), field("w")], [("adds", "w", "is new")], 0),
    "a new field that is required": ([field()], [field(), field("w", required=True)], [("tightens", "w", "is new, and required")], 1),
    "a field less": ([field(), field("w")], [field()], [("loosens", "w", "is no longer in the contract")], 0),
    "required": ([field()], [field(required=True)], [("tightens", "v", "is required")], 1),
    "optional": ([field(required=True)], [field()], [("loosens", "v", "is optional")], 0),
    "a type": ([field()], [field(physicalType="BIGINT")], [("rebuild", "v", "is BIGINT, and was INTEGER")], 2),
    "a column": ([field()], [field() | {"physicalName": "w"}], [("rebuild", "v", "is the column w, and was v")], 2),
    "a higher minimum": ([field(**limits(minimum=1))], [field(**limits(minimum=2))], [("tightens", "v", "must be at least 2; before: must be at least 1")], 1),
    "a higher maximum": ([field(**limits(maximum=1))], [field(**limits(maximum=2))], [("loosens", "v", "must be at most 2; before: must be at most 1")], 0),
    "a rule": ([field()], [field(**limits(minimum=1))], [("tightens", "v", "must be at least 1")], 1),
    "a rule less": ([field(**limits(minimum=1))], [field()], [("loosens", "v", "no longer: must be at least 1")], 0),
    "a rule inside": (
        [field("o", "object", properties=[{"name": "x", "logicalType": "integer"}])], [field("o", "object", properties=[{"name": "x", "logicalType": "integer", "required": True}])],
        [("tightens", "o.x", "is required")], 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DIFFS)
def test_diff_says_what_changes(offline: Smelt, case: str) -> None:
    before, after, changes, code = DIFFS[case]
    for name, properties in (("a.yaml", before), ("b.yaml", after)):
        (offline.folder / name).write_text(yaml.safe_dump(contract(properties)))
    result = offline.run("contract", "diff", "a.yaml", "b.yaml")
    assert result.code == code, result
    assert [(one["effect"], one["field"], one["text"]) for one in result.summary["changes"]] == changes
    assert result.summary["rebuild"] == sum(effect == "rebuild" for effect, _, _ in changes)


# ---- diff: the envelope, counted rules, and what is no change ----

FLAT = """apiVersion: v3.1.0
kind: DataContract
id: r
version: 1.0.0
status: active
servers: [{server: m, type: kafka, host: "b:9092", format: json}]
slaProperties: [{property: freshness, value: 1, unit: h}]
schema:
  - name: docked
    physicalType: topic
    physicalName: bikes
    properties:
      - {name: ts, physicalName: event_timestamp, logicalType: timestamp, transformLogic: epoch_ms}
      - {name: bike, logicalType: string, customProperties: [{property: entity, value: bike}]}
      - {name: n, logicalType: integer}
      - {name: at, logicalType: timestamp, transformLogic: epoch_s}
      - {name: w, logicalType: string, quality: [{metric: nullValues, mustBeLessThan: 5, unit: percent}]}
      - {name: k, logicalType: string, quality: [{metric: invalidValues, mustBe: 0, severity: warning, arguments: {validValues: [a, b]}}]}
      - {name: x, logicalType: number, logicalTypeOptions: {minimum: 0, exclusiveMaximum: 5}}
      - {name: i, logicalType: integer, logicalTypeOptions: {minimum: 1}}
      - {name: since, logicalType: timestamp, logicalTypeOptions: {minimum: "2020-01-01T00:00:00Z"}}
      - {name: gone, logicalType: string, required: true}
      - {name: list, logicalType: array}
"""
FLAT_DIFFS: Mapping[str, tuple[str, str, list[tuple[str, str]]]] = {  # what becomes what, and the effects
    "the unit of the event's time": ("epoch_ms}", "epoch_s}", [("tightens", "event_timestamp")]),
    "the event's time as a text": (", transformLogic: epoch_ms", "", [("tightens", "event_timestamp")]),
    "the event's time from another member": ("name: ts", "name: tt", [("tightens", "event_timestamp")]),
    "identity": ("{name: n,", "{name: n, primaryKey: true,", [("tightens", "event_id")]),
    "the entity from another member": ("{name: bike,", '{name: bike, transformSourceObjects: ["$.b"],', [("rebuild", "subscriber_id")]),
    "the entity also from another member": ("{name: bike,", '{name: bike, transformSourceObjects: ["$.bike", "$.b"],', [("loosens", "subscriber_id")]),
    "the entity's name": ("value: bike", "value: scooter", [("rebuild", "bike")]),
    "the entity is required": ("{name: bike, ", "{name: bike, required: true, ", [("tightens", "bike")]),
    "the topic": ("physicalName: bikes", "physicalName: bikes2", [("tightens", "")]),
    "the type from a member": ("      - {name: n,", "      - {name: kind, physicalName: event_type}\n      - {name: n,", [("tightens", "event_type")]),
    "a constant": ("      - {name: n,", "      - {name: o, physicalName: source_system, transformLogic: \"'a'\"}\n      - {name: n,", [("rebuild", "source_system")]),
    "the format": ("format: json", "format: avro", [("tightens", "")]),
    "a preset": ("    properties:", "    customProperties: [{property: envelope, value: connect}]\n    properties:", [("rebuild", "subscriber_id"), ("tightens", "event_timestamp"), ("tightens", "raw_payload"), ("loosens", "")]),
    "the unit of a time of the payload": ("epoch_s}", "epoch_ms}", [("tightens", "at")]),
    "a promise": ("value: 1, unit: h", "value: 2, unit: h", [("loosens", "")]),
    "a stricter promise": ("value: 1, unit: h", "value: 1, unit: min", [("tightens", "")]),
    "a tolerance": ("mustBeLessThan: 5,", "mustBeLessThan: 50,", [("loosens", "w")]),
    "a stricter tolerance": ("mustBeLessThan: 5,", "mustBeLessThan: 1,", [("tightens", "w")]),
    "a tolerance in events": ("mustBeLessThan: 5, unit: percent", "mustBeLessThan: 5", [("tightens", "w")]),
    "a tolerance less": (", quality: [{metric: nullValues, mustBeLessThan: 5, unit: percent}]", "", [("loosens", "w")]),
    "a tolerance more": ("{name: n, logicalType: integer", "{name: n, logicalType: integer, quality: [{metric: nullValues, mustBeLessThan: 5}]", [("tightens", "n")]),
    "a tolerance that decides": ("mustBeLessThan: 5, unit: percent", "mustBe: 0", [("tightens", "w")]),
    "a rule that is counted": ("{name: gone, logicalType: string, required: true", "{name: gone, logicalType: string, quality: [{metric: nullValues, mustBeLessThan: 5}]", [("loosens", "gone")]),
    "a list of a warning": ("validValues: [a, b]", "validValues: [a]", [("adds", "k")]),
    "a warning that decides": (", severity: warning", "", [("tightens", "k")]),
    "the end itself passes": ("exclusiveMaximum: 5", "maximum: 5", [("loosens", "x")]),
    "the end itself does not pass": ("minimum: 0,", "exclusiveMinimum: 0,", [("tightens", "x")]),
    "the same number": ("minimum: 0,", "minimum: 0.0,", []),
    "the same integers": ("minimum: 1}", "exclusiveMinimum: 0}", []),
    "the same instant": ("2020-01-01T00:00:00Z", "2020-01-01T02:00:00+02:00", []),
    "1969": ("2020-01-01T00:00:00Z", "1969-01-01T00:00:00Z", [("loosens", "since")]),
    "1970": ("2020-01-01T00:00:00Z", "1970-01-01T00:00:00Z", [("loosens", "since")]),
    "a new field with rules": ("      - {name: n,", "      - {name: m, logicalType: string, logicalTypeOptions: {maxLength: 1}}\n      - {name: n,", [("tightens", "m")]),
    "a new field with a rule inside": (
        "      - {name: n,", "      - {name: m, logicalType: object, properties: [{name: v, logicalType: string, required: true}]}\n      - {name: n,", [("tightens", "m")],
    ),
    "a field that takes a column": ("{name: n, logicalType: integer", "{name: m, physicalName: n, logicalType: integer", [("adds", "m"), ("rebuild", "m"), ("loosens", "n")]),
    "elements": ("{name: list, logicalType: array", "{name: list, logicalType: array, items: {logicalType: integer}", [("tightens", "list[]")]),
}  # fmt: skip


@pytest.mark.parametrize("case", FLAT_DIFFS)
def test_diff_sees_all_that_a_contract_means(offline: Smelt, case: str) -> None:
    old, new, effects = FLAT_DIFFS[case]
    assert FLAT.count(old) == 1, old
    for name, text in (("a.yaml", FLAT), ("b.yaml", FLAT.replace(old, new))):
        (offline.folder / name).write_text(text)
    result = offline.run("contract", "diff", "a.yaml", "b.yaml")
    changes = [(one["effect"], one["field"]) for one in result.summary["changes"]]
    assert sorted(changes) == sorted(effects), result.summary
    worst = {effect for effect, _ in effects}
    assert result.code == (2 if "rebuild" in worst else 1 if "tightens" in worst else 0)
    assert offline.run("contract", "diff", "a.yaml", "a.yaml").summary["changes"] == []


def test_diff_compares_folders_and_event_types(offline: Smelt) -> None:
    folder = write(offline, contract([field()]), contract([field("w")], name="U"))
    (offline.folder / "one.yml").write_text(yaml.safe_dump(contract([field()])))
    less = offline.run("contract", "diff", folder, "one.yml")
    assert less.code == 1 and [(one["effect"], one["event_type"]) for one in less.summary["changes"]] == [("tightens", "U")]
    more = offline.run("contract", "diff", "one.yml", folder / "contracts", json_summary=False)
    assert more.code == 0 and more.stdout == "loosens   U: is new: its events were in quarantine (unknown_type)\n"
    assert "expected" in offline.run("contract", "diff", "one.yml", "none").error or offline.run("contract", "diff", "one.yml", "none").code != 0
    assert offline.run("contract", "diff", "one.yml").code == 64


# ---- docs ----


def test_docs_is_a_page_of_tables(offline: Smelt) -> None:
    place = field("place", "object", properties=[{"name": "lat", "logicalType": "number", "required": True}])
    weight = field("w", "number", physicalType="DECIMAL(9,2)", required=True, description="The | weight.", customProperties=[{"property": "unit", "value": "kg"}], **limits(minimum=0))
    counted = field("c", "string", quality=[{"metric": "nullValues", "mustBeLessThan": 5, "unit": "percent"}])
    one = contract([weight, place, counted], team={"name": "Rides"}, support=[{"channel": "#rides", "url": "https://example.org/rides"}], domain="mobility")
    one["schema"][0]["quality"] = [{"metric": "rowCount", "mustBeBetween": [1, 9]}]
    write(offline, one)
    page = offline.run("contract", "docs", json_summary=False).stdout
    for line in (
        "## T", "- Owner: Rides", "- Support: https://example.org/rides", "- Domain: mobility",
        "| w | w | DECIMAL(9,2) | required; must be at least 0 (range) | kg | The \\| weight. |", "| place.lat |  | NUMBER | required |  |  |",
        "| c | c | VARCHAR | must be there (null_values, counted: nullValues of c must be below 5 percent) |  |  |", "- row_count, counted: rowCount must be from 1 to 9",
    ):  # fmt: skip
        assert line in page.splitlines(), (line, page)
    features = {line.split(" | ")[0].strip("| "): line for line in page.splitlines() if line.startswith("| ")}
    assert "## Features of a" in page and features["n"] == "| n | count of events |  |  |  |"
    offline("contract", "docs", "--out", "page.md")
    assert (offline.folder / "page.md").read_text() == page
