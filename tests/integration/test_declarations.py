"""Pipelines of one's own: what they may leave out, what is said about them, and all of their mistakes at once."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
import yaml
from harness import FREE_PORT, ROOT, Json, Smelt, serving

ENVELOPE = {"id": "event_id", "type": "event_type", "source": "source_system", "subscriber_id": "subscriber_id", "timestamp": "event_timestamp", "quality_score": "quality_score"}
LOGICAL = {"timestamp": "timestamp", "quality_score": "integer"}
COUNT = {"name": "n", "aggregate": "count"}


def contract(properties: Sequence[Json], name: str = "T", **more: object) -> Json:
    envelope = [{"name": key, "logicalType": LOGICAL.get(key, "string"), "physicalName": column, "required": True} for key, column in ENVELOPE.items()]
    payload = {"name": "payload", "logicalType": "object", "physicalName": "raw_payload", "required": True, "properties": list(properties)}
    head: Json = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": name.lower(), "version": "1.0.0", "status": "active"}
    return head | {"schema": [{"name": name, "properties": [*envelope, payload]}]} | more


def write(smelt: Smelt, *contracts: Json, features: Sequence[Json] = (COUNT,)) -> Path:
    """The pipeline of the lake: the contracts a.odcs.yaml, b.odcs.yaml, ... and the features."""
    folder = smelt.folder / "pipeline"
    (folder / "contracts").mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(contracts):
        (folder / f"contracts/{'abcdef'[number]}.odcs.yaml").write_text(yaml.safe_dump(one, sort_keys=False))
    (folder / "features.yaml").write_text(yaml.safe_dump({"version": 1, "minimum_events": 1, "features": list(features)}, sort_keys=False))
    smelt.env["SMELT_PIPELINE_DIR"] = str(folder)
    return folder


def send(smelt: Smelt, *payloads: Json) -> None:
    first = len(list(smelt.folder.glob("in-*.jsonl"))) * 1000
    file = smelt.folder / f"in-{first}.jsonl"
    lines = [
        {"id": str(first + n), "type": "T", "source": "s", "subscriber_id": f"a{n}", "timestamp": f"2026-11-20T10:00:{n % 60:02d}Z", "quality_score": 90, "payload": payload}
        for n, payload in enumerate(payloads)
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    assert smelt("ingest", "--from", file)["landed"] == len(payloads)


# ---- without a label ----


def test_a_pipeline_without_a_label_runs_and_publishes(offline: Smelt) -> None:
    write(offline, contract([{"name": "v", "logicalType": "integer", "physicalName": "v"}]))
    send(offline, *({"v": n} for n in range(50)))
    (file,) = offline.folder.glob("in-*.jsonl")
    done = offline("run", "--from", file)
    states = {step["name"]: step["state"] for step in done["steps"]}
    assert done["state"] == "done" and states == {"ingest": "done", "refine": "done", "train": "skipped", "score": "skipped", "publish": "done"}
    assert "churn_label" in next(step for step in done["steps"] if step["name"] == "train")["summary"]["skipped"]
    model = next(part for part in offline.run("status").summary["components"] if part["name"] == "model")
    assert model["state"] == "ok" and "no label" in model["detail"]
    assert "churn_label" in offline.run("train").error
    assert offline("train", "--scheduled")["model"] is None


def declare_labels(smelt: Smelt, text: str) -> None:
    folder = write(smelt, contract([{"name": "v", "logicalType": "integer", "physicalName": "v"}]))
    (folder / "features.yaml").write_text(f"version: 1\nminimum_events: 1\nfeatures: [{{name: n, aggregate: count}}]\n{text}")


@pytest.mark.parametrize("label", ["any_of: [{feature: n, less_than: 2}]", "inactivity: {silence: 30d}"])
def test_labels_without_a_model_say_the_line_to_write(offline: Smelt, label: str) -> None:
    declare_labels(offline, f"labels: [{{name: few, {label}}}, {{name: many, any_of: [{{feature: n, greater_than: 9}}]}}]\n")
    (note,) = (note for note in check(offline)["notes"] if note["path"] == "labels")
    assert note["line"] == 1 and note["text"].endswith("`model` says which one is learned: add the line model: {label: few}" if "inactivity" not in label else "add the line model: {label: many}")
    send(offline, *({"v": n} for n in range(50)))
    offline("refine")
    for result in (offline.run("train").error, offline("train", "--scheduled")["skipped"]):
        assert "add the line model: {label: " in result and "subscriber_id,churned" in result
    line = note["text"].partition("add the line ")[2]
    features = offline.folder / "pipeline/features.yaml"
    features.write_text(features.read_text() + line + "\n")
    assert not [note for note in check(offline)["notes"] if note["path"] == "labels"]


def test_a_model_without_labels_says_what_to_write(offline: Smelt) -> None:
    declare_labels(offline, "model: {label: few}\n")
    (mistake,) = check(offline, code=78)["mistakes"]
    example = "labels: [{name: leaves, inactivity: {silence: 30d, horizon: 30d}}]"
    assert mistake["line"] == 4 and f"subscriber has no label; expected one beside its features, like {example}" in mistake["message"]
    declare_labels(offline, f"model: {{label: few}}\n{example}\n")
    (mistake,) = check(offline, code=78)["mistakes"]
    assert mistake["message"].endswith('model.label is "few": expected the name of a label of subscriber: leaves')
    declare_labels(offline, f"model: {{title: risk}}\n{example}\n")
    assert "model.label is missing: expected the name of a label of subscriber: leaves" in check(offline, code=78)["mistakes"][0]["message"]
    declare_labels(offline, f"model: {{label: leaves}}\n{example}\n")
    assert check(offline)["ok"]


# ---- all mistakes at once ----


def check(smelt: Smelt, code: int = 0) -> Json:
    return smelt("contract", "check", code=code)


def test_the_built_in_pipeline_has_no_mistake(offline: Smelt) -> None:
    found = check(offline)
    (envelope,) = found.pop("envelopes")
    assert found == {"ok": True, "mistakes": [], "unenforced": [], "notes": [], "warnings": []}
    assert envelope["topic"] is None and not envelope["identity_by_lineage"] and envelope["columns"]["event_id"] == "$.id", envelope
    assert "no mistake" in offline.run("contract", "check", json_summary=False).stdout


MISTAKES: Sequence[tuple[Json, list[str]]] = (  # a property, and what is wrong with it
    ({"name": "a", "logicalType": "integer", "physicalName": "a", "requird": True, "uniqe": True}, [".requird", ".uniqe"]),
    ({"name": "b", "logicalType": "whatever", "physicalName": "b", "required": "yes"}, [".logicalType", ".required"]),
    ({"name": "c", "logicalType": "number", "physicalType": 9, "physicalName": 5}, [".physicalName", ".physicalType"]),
    ({"name": "d", "logicalType": "string", "physicalName": "d", "logicalTypeOptions": {"minimum": 1, "pattern": "(", "multiple": 2}}, [".minimum", ".pattern", ".multiple"]),
    ({"name": "e", "logicalType": "integer", "physicalName": "e", "quality": [{"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": [1, "x", "y"]}}, 7]},
     ["validValues[1]", "validValues[2]", "quality[1]"]),
    ({"name": "f", "logicalType": "object", "physicalName": "f", "properties": [{"name": "x", "logicalType": "list"}, {"name": "y", "logicalType": "string", "minimum": 1}]},
     ["properties[0].logicalType", "properties[1].minimum"]),
    ({"name": "g", "logicalType": "array", "physicalName": "f", "items": {"logicalType": "integer", "required": 1}}, [".items.required"]),
    ({"name": "a", "logicalType": "integer", "physicalName": "h"}, []),
)  # fmt: skip


def test_every_mistake_of_all_files_is_named_with_its_place(offline: Smelt) -> None:
    first = contract([one for one, _ in MISTAKES], kind="Contract", versions=1)
    second = contract([{"name": "z", "logicalType": "integer", "physicalName": "z"}], name="U", id="", schemas=[])
    features = [
        {"name": "ok", "aggregate": "sum", "column": "z"},
        {"name": "Bad", "aggregate": "median", "column": "z", "windows": ["7 days", "0d"]},
        {"name": "n", "aggregate": "count", "column": "z", "round": 1},
    ]
    folder = write(offline, first, second, features=features)
    (folder / "contracts/z.odcs.yaml").write_text("a: [\n")
    found = check(offline, code=78)
    assert not found["ok"] and {mistake["file"] for mistake in found["mistakes"]} == {str(folder / name) for name in
        ("contracts/a.odcs.yaml", "contracts/b.odcs.yaml", "contracts/z.odcs.yaml", "features.yaml")}  # fmt: skip
    assert all(mistake["line"] > 0 and mistake["message"].startswith(f"{mistake['file']}:{mistake['line']}: ") for mistake in found["mistakes"])
    text = "\n".join(mistake["message"] for mistake in found["mistakes"])
    for number, (_, places) in enumerate(MISTAKES):
        for place in places:
            assert any(f"properties[6].properties[{number}]" in line and place in line for line in text.splitlines()), (number, place, text)
    for words in ("kind is", "versions is", "id is", "schemas is", "Bad", "median", "7 days", "0d", "count counts", "only an avg"):
        assert words in text, (words, text)
    lines = offline.run("contract", "check", json_summary=False).stdout.splitlines()
    assert lines[:-1] == [mistake["message"] for mistake in found["mistakes"]] and lines[-1] == f"{len(lines) - 1} mistakes"


def test_a_mistake_is_not_followed_by_those_that_it_makes(offline: Smelt) -> None:
    """A column that could not be read is not missing in the features, too."""
    write(offline, contract([{"name": "v", "logicalType": "wrong", "physicalName": "v"}]), features=[{"name": "f", "aggregate": "sum", "column": "v"}])
    (mistake,) = check(offline, code=78)["mistakes"]
    assert "logicalType" in mistake["message"]


def test_one_start_says_how_many_mistakes_there_are(offline: Smelt) -> None:
    write(offline, contract([{"name": "v", "logicalType": "wrong", "physicalName": "v", "required": 1}]))
    result = offline.run("refine")
    assert result.code == 78 and "(and 1 more mistake: `smelt contract check` shows all)" in result.error, result


def test_a_folder_without_files_is_a_mistake(offline: Smelt) -> None:
    offline.env["SMELT_PIPELINE_DIR"] = str(offline.folder / "none")
    found = check(offline, code=78)
    assert [Path(mistake["file"]).name for mistake in found["mistakes"]] == ["contracts", "features.yaml"], found


def test_what_only_looks_like_a_contract_is_named(offline: Smelt) -> None:
    folder = write(offline, contract([{"name": "v", "logicalType": "integer", "physicalName": "v"}])) / "contracts"
    for name in ("u.YAML", "u.json", ".u.yaml", "README.md", "sub/u.yaml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("no: contract\n")
    warned = check(offline)["warnings"]
    assert sorted(Path(one["file"]).name for one in warned) == ["sub", "u.YAML", "u.json"], warned
    assert "u.YAML: warning: it is not read" in offline.run("contract", "check", json_summary=False).stdout
    (folder / "a.odcs.yaml").unlink()
    (mistake,) = check(offline, code=78)["mistakes"]
    assert "expected files *.yaml or *.yml, unlike " in mistake["message"]


# ---- what is not enforced ----

UNENFORCED: Json = {
    "primaryKey": True, "encryptedName": "x", "partitioned": True, "relationships": [{"to": "a.b"}], "transformDescription": "none",
    "quality": [
        {"metric": "invalidValues", "mustBeLessThan": 5, "unit": "percent", "arguments": {"validValues": ["a"]}},
        {"type": "sql", "query": "select 1", "mustBe": 1},
        {"type": "text", "description": "should be good"},
        {"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": ["a", ""]}, "severity": "warning", "schedule": "0 * * * *"},
    ],
}  # fmt: skip
PLACES = [".primaryKey", ".encryptedName", ".partitioned", ".relationships", ".transformDescription", ".quality[1]", ".quality[2]", ".quality[3].schedule"]


def test_what_is_not_enforced_is_named_once_per_change(offline: Smelt) -> None:
    field = {"name": "v", "logicalType": "string", "physicalName": "v"}
    folder = write(offline, contract([field | UNENFORCED], status="retired", slaProperties=[{"property": "latency", "value": 4}]))
    send(offline, {"v": "a"})
    first = offline.run("refine")
    places = [one["path"] for one in first.summary["unenforced"]]
    assert sorted(places) == sorted(["status", "slaProperties[0]"] + [f"schema[0].properties[6].properties[0]{place}" for place in PLACES])
    assert all(one["line"] > 0 and one["file"] == str(folder / "contracts/a.odcs.yaml") for one in first.summary["unenforced"])
    assert all(f"{place} is not enforced" in first.stderr for place in places), first.stderr
    assert [one["path"] for one in check(offline)["unenforced"]] == places
    again = offline.run("refine")
    assert "is not enforced" not in again.stderr and [one["path"] for one in again.summary["unenforced"]] == places
    write(offline, contract([field | {"partitioned": True}]))
    changed = offline.run("refine")
    assert changed.stderr.count("is not enforced") == 1 and ".partitioned is not enforced" in changed.stderr


def test_init_names_what_is_not_enforced(offline: Smelt) -> None:
    write(offline, contract([{"name": "v", "logicalType": "string", "physicalName": "v", "partitioned": True}]))
    found = offline("init")
    assert [one["path"] for one in found["unenforced"]] == ["schema[0].properties[6].properties[0].partitioned"] and found["mistakes"] == []


# ---- contracts as people have them ----

FOREIGN = """
apiVersion: v3.0.2
kind: DataContract
id: shop
version: 1.0.0
status: active
toolVersion: "7"
schema:
  - name: T
    properties:
%s
      - name: payload
        logicalType: object
        physicalName: raw_payload
        required: true
        properties:
          - &text {name: orderId, physicalType: varchar(18), required: true}
          - <<: *text
            name: Customer Name
            required: false
          - {name: amount, physicalType: double}
          - {name: units, logicalType: number, physicalType: int}
          - {name: paid, physicalType: bool}
          - {name: at, logicalType: date, physicalType: timestamptz}
          - {name: opens, physicalType: time}
          - {name: event_id, physicalType: uuid}
          - {name: state, physicalType: text, quality: [{type: library, rule: nullCheck}, {rule: validValues, validValues: [open, done], mustBe: 0}]}
          - name: lines
            physicalType: array<struct<sku:string>>
            items: {properties: [{name: sku, physicalType: string, required: true}, {name: price, physicalType: float, logicalTypeOptions: {minimum: 0}}]}
"""


def test_a_contract_of_another_house_is_loaded_and_enforced(offline: Smelt) -> None:
    """No physicalName, types of other systems, the words of v3.0, anchors, a file named .yml beside one of our own."""
    folder = write(offline, contract([{"name": "v", "logicalType": "integer", "physicalName": "v"}], name="U"))
    envelope = "".join(f"      - {{name: {key}, logicalType: {LOGICAL.get(key, 'string')}, physicalName: {column}, required: true}}\n" for key, column in ENVELOPE.items())
    (folder / "contracts/contract.yml").write_text(FOREIGN % envelope.rstrip())
    good = {"orderId": "a", "Customer Name": "b", "amount": 1.5, "units": 3, "paid": True, "at": "2026-11-20T10:00:00+02:00", "opens": "08:30", "event_id": "e", "state": "open", "lines": [{"sku": "s", "price": 0.1}]}
    bad: Json = {"amount": 0.1234567, "opens": "8:30", "state": "closed", "units": 1.5, "lines": [{"price": -1}]}
    send(offline, good, *({**good, key: value} for key, value in bad.items()), {key: value for key, value in good.items() if key != "state"})
    done = offline("refine")
    assert (done["silver"], done["quarantined"]) == (1, 6)
    assert [one["path"] for one in done["unenforced"]] == ["toolVersion"]
    (row,) = offline.rows("SELECT order_id, customer_name, amount::VARCHAR, units, paid, \"at\"::VARCHAR, opens::VARCHAR, payload_event_id, state, lines FROM silver_clean_events")
    assert row == ("a", "b", "1.500000", 3, True, "2026-11-20 08:00:00", "08:30:00", "e", "open", '[{"sku": "s", "price": 0.1}]')
    assert offline.rows("SELECT DISTINCT rule, field FROM silver_quarantine ORDER BY ALL") == [
        ("allowed_values", "state"), ("required", "lines[0].sku"), ("required", "state"), ("scale", "amount"), ("type", "opens"), ("type", "units"),
    ]  # fmt: skip
    found = check(offline)
    assert found["ok"] and {note["path"].rpartition(".")[2] for note in found["notes"]} >= {"properties[0]", "physicalType", "items"}
    texts = [note["text"] for note in found["notes"]]
    assert "its column is order_id" in texts and "its column is payload_event_id" in texts and any(text.startswith("double is read as DECIMAL(18,6)") for text in texts)
    assert all(note["line"] > 0 for note in found["notes"])


# ---- several documents and schemas ----

ORDERS = """
apiVersion: v3.1.0
kind: DataContract
id: shop
version: 1.0.0
status: active
schema:
  - name: orders
    physicalName: shop.orders
    properties:
      - {name: id, logicalType: integer, primaryKey: true, required: true}
      - {name: total, logicalType: number, logicalTypeOptions: {multipleOf: 0.05}}
  - name: customers
    properties: [{name: id, logicalType: string, primaryKey: true, required: true}, {name: mail, logicalType: string, logicalTypeOptions: {format: email}}]
---
# a document of another contract in the same file
apiVersion: v3.1.0
kind: DataContract
id: clicks
version: 1.0.0
status: active
servers: [{server: main, type: kafka, host: "k:9092", topic: web.clicks}]
schema: [{name: clicks}]
"""


def own_folder(smelt: Smelt, text: str, features: Sequence[Json] = (COUNT,)) -> Path:
    folder = write(smelt, features=features)
    (folder / "contracts/all.yaml").write_text(text)
    return folder


def test_documents_and_schemas_of_one_file_have_a_topic_each(offline: Smelt) -> None:
    """Tables of a database, as contracts of other houses list them: what tells them apart is the topic."""
    own_folder(offline, ORDERS)
    found = check(offline)
    assert {one["topic"] for one in found["envelopes"]} == {"web.clicks", "customers", "shop.orders"}
    texts = {note["text"] for note in found["notes"]}
    assert texts >= {
        "nothing says where the event type is, so its messages are those of the topic shop.orders",
        "nothing says where the event type is, so its messages are those of the topic customers",
        "its messages are those of the topic web.clicks, which its server names",
        "it lists no properties: the payload is kept, and has no columns",
    }
    for topic, lines in {
        "shop.orders": [{"id": 1, "total": 9.95}, {"id": 2, "total": 9.99}],
        "customers": [{"id": "a", "mail": "a@b.co"}, {"id": "b", "mail": "a b"}],
        "web.clicks": [{"any": {"thing": [1]}}, {"x": 1, "y": {"z": 1, "z": 2}}, [1]],
    }.items():
        (offline.folder / f"{topic}.jsonl").write_text("\n".join(f"1795168800000\t{json.dumps(line)}" for line in lines).replace('"y": {"z": 2}', '"y": {"z": 1, "z": 2}'))
        offline("ingest", "--from", offline.folder / f"{topic}.jsonl", "--set", f"kafka.topic={topic}")
    done = offline("refine")
    assert offline.rows("SELECT event_type, count(*) FROM silver_clean_events GROUP BY ALL ORDER BY ALL") == [("clicks", 1), ("customers", 1), ("orders", 1)]
    assert offline.rows("SELECT event_type, rule, field FROM silver_quarantine ORDER BY ALL") == [("clicks", "repeated_field", "y.z"), ("customers", "format", "mail"), ("orders", "multiple", "total")]
    assert offline.value("SELECT count(*) FROM silver_drift") == 0 and done["drifted"] == 0
    assert offline.value("SELECT raw_payload FROM bronze_raw_events WHERE event_type = 'clicks' AND kafka_offset = 0") == '{"any": {"thing": [1]}}'


def test_schemas_that_share_a_discriminator_share_the_topic(offline: Smelt) -> None:
    typed = ORDERS.replace("      - {name: id, logicalType: integer, primaryKey: true, required: true}", "      - {name: kind, physicalName: event_type, logicalType: string}\n      - {name: id, logicalType: integer}", 1)
    own_folder(offline, typed)
    assert {one["topic"] for one in check(offline)["envelopes"]} == {None, "web.clicks"}


def test_features_have_one_document(offline: Smelt) -> None:
    folder = own_folder(offline, ORDERS)
    (folder / "features.yaml").write_text("version: 1\n---\nversion: 1\n")
    assert any("a second document begins here" in mistake["message"] for mistake in check(offline, code=78)["mistakes"])


def test_a_mistake_in_a_later_document_has_its_line(offline: Smelt) -> None:
    own_folder(offline, ORDERS.replace("schema: [{name: clicks}]", "schema: [{name: clicks, properties: 7}]"))
    (mistake,) = check(offline, code=78)["mistakes"]
    assert mistake["line"] == ORDERS[: ORDERS.index("schema: [{name: clicks}]")].count("\n") + 1 and "schema[0].properties is 7" in mistake["message"]


# ---- what the options of the standard say ----

OPTIONS: Sequence[tuple[Json, list[object], list[object]]] = (  # a property, values that pass, values that do not
    ({"logicalType": "integer", "logicalTypeOptions": {"multipleOf": 5}}, [0, 15, -5], [1, 14]),
    ({"logicalType": "integer", "logicalTypeOptions": {"format": "u8"}}, [0, 255], [-1, 256]),
    ({"logicalType": "string", "logicalTypeOptions": {"format": "uuid"}}, ["550e8400-e29b-41d4-a716-446655440000"], ["550e8400"]),
    ({"logicalType": "string", "logicalTypeOptions": {"format": "ipv4"}}, ["10.0.0.1"], ["10.0.0.256", ""]),
    ({"logicalType": "string", "logicalTypeOptions": {"format": "date"}}, ["2026-11-24"], ["2026-02-30", "24.11.2026"]),
    ({"logicalType": "array", "logicalTypeOptions": {"minItems": 1, "maxItems": 2, "uniqueItems": True}}, [[1], [1, "1"]], [[], [1, 2, 3], [1, 1.0]]),
    ({"logicalType": "object", "logicalTypeOptions": {"minProperties": 1}}, [{"a": None}], [{}]),
    ({"logicalType": "object", "logicalTypeOptions": {"required": ["a", "b"]}, "properties": [{"name": "a", "logicalType": "integer"}]}, [{"a": 1, "b": [2]}], [{"a": 1}, {"b": 2}, {"a": 1, "b": None}]),
    ({"logicalType": "timestamp", "logicalTypeOptions": {"timezone": True}}, ["2026-11-24T10:15:00Z", "2026-11-24T10:15:00+0200"], ["2026-11-24T10:15:00", "2026-11-24"]),
    ({"logicalType": "timestamp", "logicalTypeOptions": {"timezone": False}}, ["2026-11-24T10:15:00", "2026-11-24"], ["2026-11-24T10:15:00Z", "2026-11-24T10:15+02"]),
    ({"logicalType": "string", "quality": [{"type": "custom", "name": "x", "engine": "smelt", "implementation": {"maxLength": 1}}]}, ["a"], ["ab"]),
)


@pytest.mark.parametrize("number", range(len(OPTIONS)))
def test_an_option_of_the_standard_is_enforced(offline: Smelt, number: int) -> None:
    field, good, bad = OPTIONS[number]
    write(offline, contract([field | {"name": "v", "physicalName": "v"}]))
    send(offline, *({"v": value} for value in [*good, *bad]))
    done = offline("refine")
    assert (done["silver"], done["quarantined"], done["unenforced"]) == (len(good), len(bad), [])


def test_a_time_without_an_offset_is_of_the_contracts_zone(offline: Smelt) -> None:
    options = {"timezone": False, "defaultTimezone": "+02:00"}
    write(offline, contract([{"name": "v", "logicalType": "timestamp", "logicalTypeOptions": options}, {"name": "w", "logicalType": "timestamp", "logicalTypeOptions": {"defaultTimezone": "-03:30"}}]))
    send(offline, {"v": "2026-11-24T01:15:00", "w": "2026-11-24T10:00:00"}, {"v": "2026-11-24", "w": "2026-11-24T10:00:00Z"})
    offline("refine")
    assert offline.rows("SELECT v::VARCHAR, w::VARCHAR FROM silver_clean_events ORDER BY v") == [("2026-11-23 22:00:00", "2026-11-24 10:00:00"), ("2026-11-23 23:15:00", "2026-11-24 13:30:00")]
    assert check(offline)["unenforced"] == []


def test_a_zone_with_summer_time_is_named(offline: Smelt) -> None:
    for options, named in (({"defaultTimezone": "Europe/Berlin"}, True), ({"defaultTimezone": "Europe/Berlin", "timezone": True}, False), ({"defaultTimezone": "Etc/UTC"}, False)):
        write(offline, contract([{"name": "v", "logicalType": "timestamp", "logicalTypeOptions": options}]))
        texts = [one["text"] for one in check(offline)["unenforced"]]
        assert len(texts) == named and (not named or "are read as UTC; write the offset of the zone" in texts[0])


def test_members_of_the_payload_that_are_required(offline: Smelt) -> None:
    made = contract([{"name": "v", "logicalType": "integer"}, {"name": "w", "logicalType": "integer"}])
    made["schema"][0]["properties"][-1]["logicalTypeOptions"] = {"required": ["w"]}
    write(offline, made)
    send(offline, {"w": 1}, {"v": 1})
    offline("refine")
    assert offline.rows("SELECT rule, field FROM silver_quarantine") == [("required", "w")]


def test_unique_is_measured(offline: Smelt) -> None:
    """Also of a column whose name was made: two contracts have one of this name, with different types."""
    fields = {"T": {"name": "Serial No", "logicalType": "string", "unique": True}, "U": {"name": "Serial No", "logicalType": "integer", "unique": True}}
    write(offline, *(contract([field], name=name) for name, field in fields.items()))
    send(offline, {"Serial No": "a"}, {"Serial No": "b"}, {"Serial No": "a"})
    assert offline("refine")["unenforced"] == []
    assert offline.rows("SELECT event_type, rule, metric, failed, holds FROM quality_history") == [("T", "unique", "duplicateValues", 1, False)]
    second = contract([{"name": "Serial No", "logicalType": "string", "logicalTypeOptions": {"maxLength": 3}}], name="T"), contract([fields["U"]], name="U")
    write(offline, *second)
    (offline.folder / "u.jsonl").write_text("\n".join(
        json.dumps({"id": f"u{n}", "type": "U", "source": "s", "subscriber_id": "a", "timestamp": "2026-11-20T10:00:00Z", "quality_score": 90, "payload": {"Serial No": n % 2}}) for n in range(4)))  # fmt: skip
    offline("ingest", "--from", offline.folder / "u.jsonl")
    offline("refine")
    assert offline.rows("SELECT event_type, failed, holds FROM quality_history WHERE event_type = 'U'") == [("U", 2, False)]


def test_rules_that_contradict_each_other_are_warnings(offline: Smelt) -> None:
    write(offline, contract([{"name": "v", "logicalType": "integer", "physicalName": "v", "logicalTypeOptions": {"minimum": 2, "maximum": 1}}]))
    found = check(offline)
    (warning,) = found["warnings"]
    assert found["ok"] and warning["text"] == "no value is both at least 2 and at most 1, so no event can pass" and warning["line"] > 0
    assert "warning: no value is both" in offline.run("contract", "check", json_summary=False).stdout
    send(offline, {"v": 1})
    assert "no value is both" in offline.run("refine").stderr
    assert "no value is both" not in offline.run("refine").stderr


def test_a_mean_that_rounds_to_zero_has_no_sign(offline: Smelt) -> None:
    v = {"name": "v", "logicalType": "number", "physicalType": "DECIMAL(4,2)", "logicalTypeOptions": {"minimum": -1, "maximum": 1}}
    write(offline, contract([v]), features=[{"name": "m", "aggregate": "avg", "column": "v", "round": 1, "windows": []}])
    send(offline, {"v": -0.04}, {"v": -0.06}, {"v": 0})
    offline("refine")
    offline("publish")
    assert offline.rows("SELECT m::VARCHAR FROM gold_subscriber_features ORDER BY subscriber_id") == [("0.0",), ("-0.1",), ("0.0",)]
    assert "-0.0" not in offline.run("sql", "SELECT m FROM gold_subscriber_features", json_summary=False).stdout


# ---- whose a column is ----

DECIMAL: Json = {"name": "amount", "logicalType": "number", "physicalType": "DECIMAL(9,2)", "logicalTypeOptions": {"minimum": 0, "maximum": 1000}}
WHOLE: Json = {"name": "amount", "logicalType": "integer", "logicalTypeOptions": {"minimum": 0, "maximum": 1000}}
TOTAL: Json = {"name": "total", "aggregate": "sum", "column": "amount", "windows": []}


def refused(smelt: Smelt, *args: str) -> str:
    done = smelt.run(*args)
    assert done.code == 78
    return done.error


def test_a_new_contract_does_not_take_a_column(offline: Smelt) -> None:
    write(offline, contract([DECIMAL]), features=[TOTAL])
    send(offline, {"amount": 10.5})
    offline("refine")
    for alarm in (WHOLE, DECIMAL | {"physicalType": "DECIMAL(9,3)"}):
        write(offline, contract([alarm], name="Alarm"), contract([DECIMAL]), features=[TOTAL])
        assert "column amount is of T.amount in Silver and of Alarm.amount in the contracts: give Alarm.amount a physicalName" in refused(offline, "refine")
    write(offline, contract([WHOLE | {"physicalName": "alarm_amount"}], name="Alarm"), contract([DECIMAL]), features=[TOTAL])
    send(offline, {"amount": 20.5})
    assert offline("refine")["silver"] == 1
    assert offline.value("SELECT sum(total)::DOUBLE FROM gold_subscriber_features") == 31
    assert sorted(offline.rows("SELECT column_name, event_type, property FROM column_owners")) == [("alarm_amount", "Alarm", "amount"), ("amount", "T", "amount")]


def text(name: str, column: str | None = None) -> Json:
    return {"name": name, "logicalType": "string"} | ({"physicalName": column} if column else {})


TAKEN = [
    ([text("a-b")], [text("a.b"), text("a-b")], "column a_b is of T.a-b in Silver and of T.a.b in the contracts: give T.a.b a physicalName, or run `smelt refine --full`"),
    ([text("a-b")], [text("a.b")], "column a_b is of T.a-b in Silver and of T.a.b in the contracts"),
    ([text("a", "x"), text("b", "y")], [text("a", "y"), text("b", "x")], "column x is of T.a in Silver and of T.b in the contracts: run `smelt refine --full`"),
    ([text("a")], [text("a", "x")], "T.a is in the column a in Silver and in x in the contracts: run `smelt refine --full`"),
]


@pytest.mark.parametrize("number", range(len(TAKEN)))
def test_a_column_does_not_change_its_meaning(offline: Smelt, number: int) -> None:
    before, after, words = TAKEN[number]
    names = [field["name"] for field in before]
    write(offline, contract(before))
    send(offline, {name: name for name in names})
    offline("refine")
    write(offline, contract(after))
    assert words in refused(offline, "refine")
    offline("refine", "--full")
    owners = dict(offline.rows("SELECT property, column_name FROM column_owners"))
    assert sorted(owners) == sorted(field["name"] for field in after)
    for name in set(names) & set(owners):
        assert offline.value(f"SELECT {owners[name]} FROM silver_clean_events") == name
    assert offline("refine")["silver"] == 0


def test_a_property_of_another_name_may_have_the_column_if_the_contract_says_so(offline: Smelt) -> None:
    """The sender has renamed it."""
    write(offline, contract([text("orderId")]))
    send(offline, {"orderId": "1"})
    offline("refine")
    write(offline, contract([text("order", "order_id")]))
    send(offline, {"order": "2"})
    offline("refine")
    assert offline.rows("SELECT order_id FROM silver_clean_events ORDER BY 1") == [("1",), ("2",)]


def test_event_types_share_a_column_of_one_name_and_type(offline: Smelt) -> None:
    write(offline, contract([text("v")]))
    send(offline, {"v": "1"})
    offline("refine")
    write(offline, contract([text("v")], name="A"), contract([text("v")]))
    assert offline("refine")["columns_added"] == 0
    (offline.folder / "pipeline/contracts/b.odcs.yaml").unlink()
    write(offline, contract([text("v")]))
    offline("refine")
    assert offline.rows("SELECT column_name, event_type FROM column_owners ORDER BY 2") == [("v", "A"), ("v", "T")], "T has it again when its contract comes back"


# ---- names ----


def own_names() -> set[str]:
    """Names that contracts and features cannot have: the refusal says which column has it already."""
    return set(re.findall(r'"([a-z_]+)"', (ROOT / "src/contract/names.c").read_text()))


def likely_names() -> list[str]:
    """Every keyword of SQL and every word of our SQL."""
    texts = [path.read_text() for folder in ("sql", "tests/golden") for path in (ROOT / folder).rglob("*.sql")]
    words = {word for text in texts for word in re.findall(r"[a-z][a-z0-9_]*", text)}
    words |= {row[0] for row in duckdb.sql("SELECT keyword_name FROM duckdb_keywords()").fetchall()}
    words |= {f"{kind}_{what}" for kind in ("current", "session", "local") for what in ("date", "time", "timestamp", "user", "role", "schema", "catalog")}
    return sorted(word for word in words - own_names() if len(word) < 50)


def integer(name: str, column: str) -> Json:
    return {"name": name, "logicalType": "integer", "physicalName": column, "logicalTypeOptions": {"minimum": -100, "maximum": 1000}}


def refine_everything(smelt: Smelt, names: Sequence[str]) -> None:
    """Clean, drifted and bad events, again after a rebuild."""
    for command in (("refine",), ("refine", "--full"), ("refine",)):
        send(smelt, *({name: value for name in names} | more for value, more in ((7, {}), (7, {"zz unknown": 1}), ("7", {}), ("x", {}))))
        smelt(*command)
    smelt("publish")


@pytest.mark.parametrize("part", range(3))
def test_a_column_may_have_any_name_that_is_not_refused(offline: Smelt, part: int) -> None:
    """In parts, and with more memory: DuckDB holds a block of 256 KiB for each new column until the commit."""
    offline.env["SMELT_LAKE_MEMORY_LIMIT"] = "1GiB"
    assert {"select", "pivot_longer", "current_date", "object", "value"} <= set(likely_names())
    names = likely_names()[part::3]
    assert len(names) > 300
    features = [{"name": f"f_{name}", "aggregate": "max", "column": name, "where": {name: [7]}, "windows": []} for name in names]
    write(offline, contract([integer(name, name) for name in names]), features=features[:200])
    refine_everything(offline, names)
    rows = offline.rows("SELECT * FROM silver_clean_events")
    columns = [row[0] for row in offline.rows("SELECT column_name FROM (DESCRIBE silver_clean_events)")]
    assert len(rows) == 9 and all(row[columns.index(name)] == 7 for row in rows for name in names)
    for row in offline("sql", "FROM gold_subscriber_features")["rows"]:
        assert all(row[feature["name"]] == 7 for feature in features[:200])


def test_a_feature_may_have_any_name_that_is_not_refused(offline: Smelt) -> None:
    names = [name for name in likely_names()[::3] if name != "id"]  # the API calls the id of every row so
    write(offline, contract([integer("v", "v")]), features=[{"name": name, "aggregate": "sum", "column": "v", "windows": []} for name in names])
    refine_everything(offline, ["v"])
    found = offline("sql", "FROM gold_subscriber_features")["rows"]
    assert found and all(row[name] == 21 for row in found if row["subscriber_id"] != "a3" for name in names)


NASTY_NAMES = ["*", "$", "a.b", "a[0]", "$.a", "a b", "{x}", "é", "🙂", "-", "a/b", "%s", "?", "#", "`", "A", "--", ";", "[*]", "~0", "<b>", "null", "\u00a0"]


def test_a_property_may_have_any_name_that_is_not_refused(offline: Smelt) -> None:
    write(offline, contract([integer(name, f"c{number}") for number, name in enumerate(NASTY_NAMES)]))
    refine_everything(offline, NASTY_NAMES)
    row = offline.rows("SELECT * FROM silver_clean_events ORDER BY ALL LIMIT 1")[0]
    columns = [name for (name,) in offline.rows("SELECT column_name FROM (DESCRIBE silver_clean_events)")]
    assert all(row[columns.index(f"c{number}")] == 7 for number in range(len(NASTY_NAMES)))


@pytest.mark.parametrize("name", ["churn_probability", "risk_band", "reasons", "model_id", "scored_at", "subscriber_id"])
def test_a_feature_cannot_have_the_name_of_a_score(offline: Smelt, name: str) -> None:
    write(offline, contract([integer("v", "v")]), features=[{"name": name, "aggregate": "count"}])
    (mistake,) = check(offline, code=78)["mistakes"]
    assert "Gold has this column for every subscriber" in mistake["message"]


def test_texts_with_braces_are_texts(offline: Smelt) -> None:
    r"""In statements {{x}} is a place for a value; in descriptions it is text."""
    odd = "{{x}} it's {{{ \\ }}"
    field = {"name": "v", "logicalType": "string", "physicalName": "v", "description": odd}
    feature = {"name": "f", "aggregate": "count", "where": {"v": "other"}, "description": odd, "windows": ["7d"]}
    declared = contract([field])
    declared["schema"][0]["description"] = odd
    write(offline, declared, features=[feature])
    send(offline, {"v": odd}, {"v": "other"})
    assert offline("refine")["silver"] == 2
    offline("refine", "--full")
    assert offline.value("SELECT sum(f) FROM gold_subscriber_features") == 1
    assert offline.value("SELECT comment FROM duckdb_columns() WHERE table_name = 'silver_clean_events' AND column_name = 'v'") == odd


def test_events_without_the_id_of_the_entity_are_in_no_row_of_gold(offline: Smelt) -> None:
    declared = contract([integer("v", "v")])
    for field in declared["schema"][0]["properties"]:
        if field["name"] == "subscriber_id":
            field["required"] = False
    write(offline, declared)
    lines = [json.dumps({"id": f"e{n}", "type": "T", "source": "s", "timestamp": "2026-11-20T10:00:00Z", "payload": {"v": n}, "quality_score": 90} | more) for n, more in ((1, {}), (2, {"subscriber_id": "S-1"}))]
    (offline.folder / "e.jsonl").write_text("\n".join(lines) + "\n")
    offline("ingest", "--from", "e.jsonl")
    assert offline("refine")["silver"] == 2
    assert offline.rows("SELECT subscriber_id FROM gold_subscriber_features") == [("S-1",)]


def test_a_topic_that_is_about_nothing_in_particular_is_served(offline: Smelt) -> None:
    """No contract names an entity, as one that was inferred from messages without an id."""
    (offline.folder / "n.jsonl").write_text("".join(f'{{"ts":{1_795_004_834_828 + n},"v":{n}}}\n' for n in range(10)))
    assert offline.run("contract", "infer", "--file", "n.jsonl", "--pipeline", "my", json_summary=False).code == 0
    offline.env["SMELT_PIPELINE_DIR"] = str(offline.folder / "my")
    assert "No contract names an entity" in offline.run("contract", "check", json_summary=False).stdout
    refused = offline.run("run", SMELT_PIPELINE_DIR="absent")
    assert refused.code == 78 and "run record" not in refused.stderr, refused  # there is no folder to write it to
    steps = {step["name"]: step for step in offline("run", "--from", "n.jsonl")["steps"]}
    assert steps["refine"]["state"] == "done" and steps["refine"]["summary"]["silver"] == 10 and steps["publish"]["state"] == "done"
    said = offline.run("refine", "--full", json_summary=False).stdout
    assert "No contract names an entity" in said and "entities" not in said.split("No contract")[0] and "unnamed" not in said
    assert "0 entities" in json.dumps(offline.run("status").summary)
    (entity,) = serving(offline.start("serve", *FREE_PORT)).get("/api/v1/pipeline")["entities"]
    assert (entity["title"], entity["title_plural"]) == ("entity", "entities") and "customProperties" in entity["description"]


# ---- entities behind the first one, in snapshots ----


def newest(smelt: Smelt, sql: str) -> list[tuple[object, ...]]:
    smelt("publish")
    with duckdb.connect(str(max((smelt.data / "snapshots").glob("gen-*.duckdb"))), read_only=True) as conn:
        return conn.execute(sql).fetchall()


def test_the_base_of_a_further_entity_is_taken_over(offline: Smelt) -> None:
    """What was computed since stands beside it; it is written again only when it has another name, and only it."""
    fields = [{"name": "device", "logicalType": "string", "physicalName": "device"}]
    folder = write(offline, contract(fields))
    features = {"version": 1, "minimum_events": 1, "features": [COUNT], "entities": [{"entity": "device", "key": "device", "features": [COUNT]}]}
    (folder / "features.yaml").write_text(yaml.safe_dump(features))
    send(offline, *({"device": f"d{n % 100:03}"} for n in range(400)))
    offline("refine")
    rows = "SELECT device, n FROM gold_device_features ORDER BY ALL"
    assert newest(offline, rows) == [(f"d{n:03}", 4) for n in range(100)]
    send(offline, {"device": "d007"})
    offline("refine")
    assert newest(offline, rows) == offline.rows(rows) == [(f"d{n:03}", 5 if n == 7 else 4) for n in range(100)]
    assert newest(offline, "SELECT device, n FROM gold_device_features_fresh") == [("d007", 5)]

    def change(sql: str) -> None:
        with duckdb.connect(str(offline.lake)) as conn:
            conn.execute(sql)

    change("UPDATE gold_device_features_base SET n = 99")
    assert newest(offline, "SELECT DISTINCT n FROM gold_device_features_base") == [(4,)], "it was written again"
    change("UPDATE gold_device_base SET base_id = uuid(); UPDATE gold_features_base SET n = 88")
    assert newest(offline, "SELECT DISTINCT d.n, s.n FROM gold_device_features_base AS d, gold_features_base AS s") == [(99, 1)], "only this base is another"
    change("UPDATE gold_base SET base_id = uuid()")
    assert newest(offline, "SELECT DISTINCT d.n, s.n FROM gold_device_features_base AS d, gold_features_base AS s") == [(99, 88)]
    api = serving(offline.start("serve", *FREE_PORT))
    assert api.get("/api/v1/devices/d007")["features"]["n"] == 5 and len(api.get("/api/v1/devices?limit=100")["items"]) == 100
