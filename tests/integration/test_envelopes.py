"""The same events in five envelopes, and what a contract says about a topic's messages: from a topic of others to Silver, by YAML alone."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import Broker, Json, Smelt, Topic, encode

COUNT = 3000
START_MS = 1_795_000_000_000
FIELDS = """
          - {name: station, logicalType: string, physicalName: station, required: true}
          - {name: price, logicalType: number, physicalName: price, physicalType: "DECIMAL(18,2)", required: true}
          - {name: place, logicalType: object, physicalName: place_json}
          - {name: locked_at, logicalType: timestamp, physicalName: locked_at, transformLogic: epoch_s}
"""
ENTITY = "logicalType: string, physicalName: subscriber_id, required: true, customProperties: [{property: entity, value: subscriber}]"
TIME = "logicalType: timestamp, physicalName: event_timestamp, required: true"
PAYLOAD = "{name: payload, logicalType: object, physicalName: raw_payload, properties: ["


def number_of(n: int) -> str:
    """Digits that a double cannot hold, zeros at the end."""
    return ["1.10", "70368744177664.01", "1e2", "-0.00", "12345678901234567.8"][n % 5]


def payload(n: int) -> str:
    return '{"station":"S\\u00e9' + str(n % 7) + '","price":' + number_of(n) + ',"place":{ "lat" : 1.50 },"locked_at":' + f"{START_MS // 1000 + n}.{n % 1000000:06d}" + "}"


def bike(n: int) -> str:
    return f"B-{n % 97:03d}"


def moment(n: int) -> int:
    return START_MS + n * 1000 + n % 1000


def iso(ms: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03d}Z"


Message = tuple[str, dict[str, str]]


def own(n: int) -> Message:
    return f'{{"eid":"e{n}","kind":"TRIP","meta":{{"bike":"{bike(n)}","at":{moment(n)}}},"body":{payload(n)}}}', {}


def flat(n: int) -> Message:
    return f'{{"eid":"e{n}","bike":"{bike(n)}",{payload(n)[1:-1]},"ts":{moment(n) * 1000}}}', {}


def smelts(n: int) -> Message:
    return f'{{"id":"e{n}","type":"TRIP","subscriber_id":"{bike(n)}","timestamp":"{iso(moment(n))}","payload":{payload(n)}}}', {}


def cloudevent(n: int) -> Message:
    return f'{{"specversion":"1.0","id":"e{n}","type":"TRIP","subject":"{bike(n)}","time":"{iso(moment(n))}","data":{payload(n)}}}', {}


def binary_cloudevent(n: int) -> Message:
    return payload(n), {"ce_specversion": "1.0", "ce_id": f"e{n}", "ce_type": "TRIP", "ce_source": "/x", "ce_subject": bike(n), "ce_time": iso(moment(n))}


def change(n: int) -> Message:
    """Of Debezium, inside Connect's envelope; every third is a delete, whose row is in `before`."""
    row = f'{{"eid":"e{n}","bike":"{bike(n)}",{payload(n)[1:]}'
    before, after, op = (row, "null", "d") if n % 3 == 0 else ("null", row, "c")
    source = f'{{"name":"pg","table":"TRIP","lsn":{n},"ts_ms":{moment(n)}}}'
    return f'{{"schema":{{"type":"struct"}},"payload":{{"before":{before},"after":{after},"source":{source},"op":"{op}","ts_ms":1}}}}', {}


KINDS: dict[str, tuple[Callable[[int], Message], str, str]] = {
    "own": (
        own,
        "",
        """
      - {name: id, physicalName: event_id, transformSourceObjects: ["$.eid"]}
      - {name: kind, physicalName: event_type}
      - {name: at, TIME, transformSourceObjects: ["$.meta.at"], transformLogic: epoch_ms}
      - {name: subscriber_id, ENTITY, transformSourceObjects: ["$.meta.bike"]}
      - name: body
        logicalType: object
        physicalName: raw_payload
        properties:FIELDS""",
    ),
    "flat": (
        flat,
        "flat",
        """
      - {name: eid, physicalName: event_id}
      - {name: ts, TIME, transformLogic: epoch_us}
      - {name: subscriber_id, ENTITY, transformSourceObjects: ["$.bike"]}FIELDS""",
    ),
    "smelt": (
        smelts,
        "smelt",
        """
      - {name: subscriber_id, ENTITY}
      - name: payload
        logicalType: object
        physicalName: raw_payload
        properties:FIELDS""",
    ),
    "cloudevents": (
        cloudevent,
        "cloudevents",
        """
      - {name: subject, ENTITY}FIELDS""",
    ),
    "binary": (
        binary_cloudevent,
        "cloudevents_binary",
        """
      - {name: subject, ENTITY}FIELDS""",
    ),
    "debezium": (
        change,
        "connect+debezium",
        """
      - {name: eid, physicalName: event_id}
      - {name: bike, ENTITY}FIELDS""",
    ),
}
SOURCE = '\n      - {name: source, physicalName: source_system, transformLogic: "kafka_topic"}'


def contract(kind: str, topic: str, envelope: str, properties: str) -> str:
    """Each source is its topic: the same identity in another topic would be a duplicate."""
    server = f"servers: [{{server: s, type: kafka, host: h, customProperties: [{{property: envelope, value: {envelope}}}]}}]\n" if envelope else ""
    fields = FIELDS if "raw_payload" in properties else FIELDS.replace("          - ", "      - ")
    text = properties.replace("FIELDS", fields).replace("ENTITY", ENTITY).replace("TIME", TIME)
    head = f"apiVersion: v3.1.0\nkind: DataContract\nid: {kind}\nversion: 1.0.0\nstatus: active\n{server}schema:\n"
    return f"{head}  - name: TRIP\n    physicalType: topic\n    physicalName: {topic}\n    properties:{SOURCE}{text}\n"


def write_pipeline(folder: Path, contracts: dict[str, str]) -> None:
    (folder / "contracts").mkdir(parents=True, exist_ok=True)
    for name, text in contracts.items():
        (folder / "contracts" / f"{name}.odcs.yaml").write_text(text)
    (folder / "features.yaml").write_text("version: 1\nminimum_events: 1\nfeatures:\n  - {name: trips, aggregate: count}\n")


def send(topic: Topic, messages: list[Message]) -> None:
    producer = topic.broker.producer
    for n, (value, headers) in enumerate(messages):
        producer.produce(topic.name, value.encode(), key=b'{"key":1}', partition=n % topic.partitions, headers=list(headers.items()))
        producer.poll(0)
    assert producer.flush(60) == 0


@pytest.fixture
def lake(new_smelt: Callable[..., Smelt], broker: Broker) -> Smelt:
    smelt = new_smelt(kafka_bootstrap=broker.address)
    smelt.env["SMELT_PIPELINE_DIR"] = str(smelt.folder / "pipeline")
    return smelt


def ingest(smelt: Smelt, topic: Topic, *args: str, code: int = 0) -> Json:
    return smelt("ingest", *args, code=code, SMELT_KAFKA_TOPIC=topic.name, SMELT_KAFKA_GROUP_ID=topic.name)


LINEAGE = "source_system, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, batch_id, ingested_at"


def test_the_same_events_in_every_envelope_are_the_same_in_silver(lake: Smelt, broker: Broker) -> None:
    topics = {kind: broker.topic(f"{kind}-{uuid.uuid4().hex[:8]}") for kind in KINDS}
    write_pipeline(lake.folder / "pipeline", {kind: contract(kind, topics[kind].name, *KINDS[kind][1:]) for kind in KINDS})
    checked = lake("contract", "check")
    assert checked["ok"] and {e["topic"] for e in checked["envelopes"]} == {t.name for t in topics.values()}
    for kind, topic in topics.items():
        send(topic, [KINDS[kind][0](n) for n in range(COUNT)])
        done = ingest(lake, topic)
        assert (done["landed"], done["rejected"], done["envelope_changed"]) == (COUNT, 0, False), kind
    done = lake("refine")
    good = sum(n % 5 != 4 for n in range(COUNT))  # the last of number_of has more digits than its column
    assert (done["silver"], done["quarantined"], done["drifted"]) == (good * len(KINDS), (COUNT - good) * len(KINDS), 0), done
    expected: dict[str, Any] = {}
    for kind, topic in topics.items():
        payloads = lake.rows("SELECT event_id, raw_payload::VARCHAR FROM bronze_raw_events WHERE kafka_topic = ?", topic.name)
        assert dict(payloads) == {f"e{n}": payload(n) for n in range(COUNT)}, kind
        silver = lake.rows(f"SELECT * EXCLUDE ({LINEAGE}) FROM silver_clean_events WHERE kafka_topic = ? ORDER BY event_id", topic.name)
        quarantine = lake.rows(f"SELECT * EXCLUDE ({LINEAGE}, quarantined_at) FROM silver_quarantine WHERE kafka_topic = ? ORDER BY event_id", topic.name)
        assert expected.setdefault("silver", silver) == silver and len(silver) == good, kind
        assert expected.setdefault("quarantine", quarantine) == quarantine, kind
    assert lake.audit()["offsets"] >= COUNT * len(KINDS)
    again = json.loads(json.dumps(lake("refine", "--full")))
    assert again["silver"] == good * len(KINDS)


def mixed(n: int) -> Message:
    """Each second one in binary mode; in structured mode some have their data as base64."""
    if n % 2 == 0:
        return binary_cloudevent(n)
    text, _ = cloudevent(n)
    if n % 3 == 0:
        text = text.replace('"data":' + payload(n), f'"data_base64":"{base64.b64encode(payload(n).encode()).decode()}"')
    return text, {"content-type": "application/cloudevents+json; charset=UTF-8"}


def test_cloudevents_of_both_modes_in_one_topic(lake: Smelt, topic: Topic) -> None:
    write_pipeline(lake.folder / "pipeline", {"mixed": contract("mixed", topic.name, "cloudevents_mixed", KINDS["binary"][2])})
    send(topic, [mixed(n) for n in range(300)])
    assert ingest(lake, topic)["landed"] == 300
    assert dict(lake.rows("SELECT event_id, raw_payload::VARCHAR FROM bronze_raw_events")) == {f"e{n}": payload(n) for n in range(300)}
    assert lake.rows("SELECT DISTINCT event_type, extra_fields::VARCHAR FROM bronze_raw_events ORDER BY ALL") == [("TRIP", '{"specversion":"1.0"}'), ("TRIP", None)]
    done = lake("refine")
    assert (done["silver"], done["quarantined"], done["drifted"]) == (240, 60, 0)


def test_a_binary_event_has_its_attributes_in_headers_alone(lake: Smelt, topic: Topic) -> None:
    """What its data has by these names is data; without the header of its id it is no event."""
    write_pipeline(lake.folder / "pipeline", {"mixed": contract("mixed", topic.name, "cloudevents_mixed", KINDS["binary"][2])})
    data = payload(0)[:-1] + ',"id":"of the data","data":{"x":1}}'
    _, headers = binary_cloudevent(0)
    send(topic, [(data, headers), (data, {key: value for key, value in headers.items() if key != "ce_id"})])
    assert (ingest(lake, topic)["landed"], lake.rows("SELECT reason FROM bronze_rejects")) == (1, [("bad_id",)])
    assert lake.rows("SELECT event_id, raw_payload::VARCHAR FROM bronze_raw_events") == [("e0", data)]


def test_a_property_may_say_where_in_the_data_it_is(lake: Smelt) -> None:
    fields = KINDS["cloudevents"][2].replace("FIELDS", '\n      - {name: station, physicalName: station, primaryKey: true, transformSourceObjects: ["$.data.station"]}')
    write_pipeline(lake.folder / "pipeline", {"ce": contract("ce", "t", "cloudevents", fields).replace(SOURCE, "")})
    (envelope,) = lake("contract", "check")["envelopes"]
    assert envelope["columns"]["event_id"] == "$.data.station" and envelope["columns"]["raw_payload"] == "$.data base64:$.data_base64"


def test_data_as_base64(lake: Smelt, topic: Topic) -> None:
    write_pipeline(lake.folder / "pipeline", {"ce": contract("ce", topic.name, "cloudevents", KINDS["cloudevents"][2])})
    head = '{"specversion":"1.0","type":"TRIP","subject":"B","time":"2026-11-24T10:00:00Z"'

    def with_data(n: int, *members: str) -> Message:
        return "".join((head, f',"id":"e{n}"', *("," + member for member in members), "}")), {}

    encoded = base64.b64encode(payload(1).encode()).decode()
    binary = [base64.b64encode(b"\xff\x00").decode(), "no base64!", encoded[:-1], base64.b64encode(b"no json").decode(), ""]
    send(topic, [with_data(0, f'"data_base64":"{encoded}"'), *(with_data(n, f'"data_base64":"{text}"') for n, text in enumerate(binary, 1)), with_data(6, '"data_base64":7'),
                 with_data(7, f'"data_base64":"{encoded}"', '"data":{}'), with_data(8, f'"data_base64":"{encoded}"', '"data":null'), with_data(9)])  # fmt: skip
    assert (ingest(lake, topic)["landed"], lake.rows("SELECT reason FROM bronze_rejects")) == (9, [("repeated_field",)])
    kept = dict(lake.rows("SELECT event_id, raw_payload::VARCHAR FROM bronze_raw_events"))
    assert kept == {"e0": payload(1), "e8": payload(1), "e6": "7", "e9": None} | {f"e{n}": f'"{text}"' for n, text in enumerate(binary, 1)}
    done = lake("refine")
    assert (done["silver"], done["quarantined"]) == (2, 7)
    assert lake.rows("SELECT DISTINCT rule, field FROM silver_quarantine ORDER BY ALL") == [("required", "payload"), ("type", "payload")]


def test_topics_may_share_an_event_type_also_when_much_waits(lake: Smelt) -> None:
    """So many rows are read one event type after the other: a type of several contracts is read once."""
    write_pipeline(lake.folder / "pipeline", {name: contract(name, name, "smelt", KINDS["smelt"][2]) for name in ("one", "two")})
    (lake.folder / "in.jsonl").write_text("".join(smelts(n)[0] + "\n" for n in range(62_000)))
    assert lake("ingest", "--from", "in.jsonl", SMELT_KAFKA_TOPIC="one")["landed"] == 62_000
    done = lake("refine")
    assert done["silver"] + done["quarantined"] == 62_000


def bikes(topic: str, *more: str, time: str = "epoch_ms") -> str:
    properties = "".join(f"      - {line}\n" for line in (
        "{name: kind, physicalName: event_type}",
        f"{{name: ts, logicalType: timestamp, physicalName: event_timestamp, transformLogic: {time}}}",
        "{name: bike_id, logicalType: string, physicalName: subscriber_id, customProperties: [{property: entity, value: subscriber}]}",
        "{name: battery, logicalType: integer, physicalName: battery}",
        *more,
    ))  # fmt: skip
    head = "apiVersion: v3.1.0\nkind: DataContract\nid: bikes\nversion: 1.0.0\nstatus: active\nschema:\n"
    return "".join((head, f"  - name: docked\n    physicalType: topic\n    physicalName: {topic}\n    properties:\n", properties))


def ride(n: int, **changes: Any) -> Message:
    return json.dumps({"bike_id": f"B{n}", "kind": "docked", "ts": moment(n), "battery": n % 100} | changes), {}


def test_a_flat_topic_needs_no_id_no_source_and_no_quality(lake: Smelt, topic: Topic) -> None:
    write_pipeline(lake.folder / "pipeline", {"bikes": bikes(topic.name)})
    send(topic, [ride(0), ride(0), ride(1, battery="low"), ride(2, bike_id=None), ride(3, ts="2026-11-24T08:15:00Z")])
    checked = lake.run("contract", "check", json_summary=False).stdout
    assert "event_id         from kafka_lineage" in checked and "known by its offset alone" in checked, checked
    assert (ingest(lake, topic)["landed"], lake.rows("SELECT reason, field FROM bronze_rejects")) == (4, [("bad_timestamp", "ts")])
    ids = sorted(lake.rows("SELECT event_id, source_system, quality_score FROM bronze_raw_events"))
    assert all(i == (f"{topic.name}-0:{i[0].split(':')[1]}:{i[0].split(':')[2]}", topic.name, None) for i in ids) and len(set(ids)) == 4, ids
    done = lake("refine")
    assert (done["silver"], done["quarantined"]) == (3, 1), "an id that is not there is no fault where the contract does not require it"
    assert lake.rows("SELECT rule, field, \"value\" FROM silver_quarantine") == [("type", "battery", "low")]
    assert sorted(lake.rows("SELECT subscriber_id, battery FROM silver_clean_events WHERE subscriber_id IS NOT NULL")) == [("B0", 0), ("B0", 0)]


def test_a_changed_envelope_is_said_once_and_bronze_stays(lake: Smelt, topic: Topic) -> None:
    folder = lake.folder / "pipeline"
    write_pipeline(folder, {"bikes": bikes(topic.name)})
    send(topic, [ride(1)])
    assert not ingest(lake, topic)["envelope_changed"]
    before = lake.rows("SELECT event_id, event_timestamp::VARCHAR, raw_payload::VARCHAR FROM bronze_raw_events")
    write_pipeline(folder, {"bikes": bikes(topic.name, "{name: id, physicalName: event_id, transformLogic: kafka_key}")})
    send(topic, [ride(2)])
    changed = lake.run("ingest", SMELT_KAFKA_TOPIC=topic.name)
    assert changed.summary["envelope_changed"] and "the envelope has changed" in changed.stderr and "kafka_lineage" in changed.stderr, changed.stderr
    again = lake.run("ingest", SMELT_KAFKA_TOPIC=topic.name)
    assert not again.summary["envelope_changed"] and "envelope" not in again.stderr
    assert set(before) < set(lake.rows("SELECT event_id, event_timestamp::VARCHAR, raw_payload::VARCHAR FROM bronze_raw_events"))
    assert lake.rows("SELECT kafka_topic, after_batch FROM ledger_envelopes ORDER BY after_batch") == [(topic.name, 0), (topic.name, 1)]


def test_a_topic_that_no_contract_describes_is_not_read(lake: Smelt, topic: Topic) -> None:
    write_pipeline(lake.folder / "pipeline", {"bikes": bikes("bikes")})
    send(topic, [ride(1)])
    for command in ("ingest", "run"):
        result = lake.run(command, SMELT_KAFKA_TOPIC=topic.name)
        assert result.code == 78 and topic.name in result.error and "bikes" in result.error, result
    assert lake.value("SELECT count(*) FROM bronze_raw_events") == 0 and lake.audit()["offsets"] == 0


def test_a_mistake_in_a_contract_stops_ingest_with_its_place(lake: Smelt, topic: Topic) -> None:
    folder = lake.folder / "pipeline"
    write_pipeline(folder, {"bikes": bikes(topic.name, time="epoch_ps")})
    send(topic, [ride(1)])
    for command in ("ingest", "run"):
        result = lake.run(command, SMELT_KAFKA_TOPIC=topic.name)
        assert result.code == 78 and "bikes.odcs.yaml:12" in result.error and "epoch_ms" in result.error, result
    write_pipeline(folder, {"bikes": bikes(topic.name), "more": bikes(topic.name, time="epoch_s").replace("name: docked", "name: undocked")})
    result = lake.run("ingest", SMELT_KAFKA_TOPIC=topic.name)
    assert result.code == 78 and "more.odcs.yaml:12" in result.error and "bikes.odcs.yaml:12" in result.error, result


def test_a_file_has_the_envelope_of_its_topic(lake: Smelt) -> None:
    write_pipeline(lake.folder / "pipeline", {"bikes": bikes("bikes")})
    (lake.folder / "in.jsonl").write_text("".join(ride(n)[0] + "\n" for n in range(10)))
    assert lake("run", "--from", "in.jsonl")["state"] == "done"
    assert lake.value("SELECT count(*) FROM silver_clean_events WHERE source_system = 'bikes' AND subscriber_id LIKE 'B%'") == 10


# ---- names, without a broker ----


def flat_contract(*properties: str, envelope: str = "") -> str:
    head = "apiVersion: v3.1.0\nkind: DataContract\nid: bikes\nversion: 1.0.0\nstatus: active\nschema:\n  - name: docked\n    physicalType: topic\n    physicalName: bikes\n"
    preset = f"    customProperties: [{{property: envelope, value: {envelope}}}]\n" if envelope else ""
    lines = ["{name: ts, physicalName: event_timestamp, logicalType: timestamp, transformLogic: epoch_ms}", *properties]
    return head + preset + "    properties:\n" + "".join(f"      - {line}\n" for line in lines)


def take(smelt: Smelt, contract: str, *messages: Json) -> Json:
    """Judges messages by a contract: what `contract check` says."""
    smelt.env["SMELT_PIPELINE_DIR"] = str(smelt.folder / "pipeline")
    write_pipeline(smelt.folder / "pipeline", {"bikes": contract})
    checked = smelt("contract", "check")
    (smelt.folder / "in.jsonl").write_text("".join(json.dumps({"ts": START_MS + n} | message) + "\n" for n, message in enumerate(messages)))
    smelt("ingest", "--from", "in.jsonl")
    smelt("refine")
    return checked


def test_changes_of_one_row_at_one_scn_are_events_of_their_own(offline: Smelt) -> None:
    """Oracle's position in the redo log is scn, rs_id and ssn."""
    text = flat_contract("{name: battery, logicalType: integer}", envelope="debezium").replace("      - {name: ts, physicalName: event_timestamp, logicalType: timestamp, transformLogic: epoch_ms}\n", "")
    offline.env["SMELT_PIPELINE_DIR"] = str(offline.folder / "pipeline")
    write_pipeline(offline.folder / "pipeline", {"bikes": text})
    source = {"connector": "oracle", "name": "o", "db": "D", "schema": "S", "table": "docked", "scn": "2122184", "rs_id": " 0x000156.00000c5d.0010 ", "ts_ms": START_MS}
    changes = [{"op": "u", "before": None, "after": {"battery": n}, "source": source | {"ssn": n}, "ts_ms": START_MS + n} for n in (0, 1, 1)]
    (offline.folder / "in.jsonl").write_text("".join(json.dumps(change) + "\n" for change in changes))
    done = offline("ingest", "--from", "in.jsonl")
    assert (done["landed"], done["duplicates"]) == (2, 1)
    offline("refine")
    assert offline.rows("SELECT battery FROM silver_clean_events ORDER BY 1") == [(0,), (1,)] and offline.rows("FROM silver_quarantine") == []


@pytest.mark.parametrize("preset", ["cloudevents", "cloudevents_mixed", "connect+cloudevents"])
def test_a_cloudevent_without_a_time_has_that_of_its_record(offline: Smelt, preset: str) -> None:
    """The specification calls the attribute optional. One that is there and no time is a reject as ever."""
    text = flat_contract("{name: battery, logicalType: integer}", envelope=preset).replace("      - {name: ts, physicalName: event_timestamp, logicalType: timestamp, transformLogic: epoch_ms}\n", "")
    smelt = offline
    smelt.env["SMELT_PIPELINE_DIR"] = str(smelt.folder / "pipeline")
    write_pipeline(smelt.folder / "pipeline", {"bikes": text})
    times: list[Json] = [{}, {"time": None}, {"time": iso(START_MS)}, {"time": "yesterday"}]
    events: list[Json] = [{"specversion": "1.0", "id": f"e{n}", "type": "docked", "source": "/s", "data": {"battery": n}} | time for n, time in enumerate(times)]
    if preset.startswith("connect"):
        events = [{"schema": None, "payload": event} for event in events]
    (smelt.folder / "in.jsonl").write_text("".join(f"{START_MS + 5000}\t{json.dumps(event)}\n" for event in events))
    assert smelt("ingest", "--from", "in.jsonl")["landed"] == 3
    smelt("refine")
    found = smelt.rows("SELECT battery, epoch_ms(event_timestamp) FROM silver_clean_events ORDER BY ALL")
    assert found == [(0, START_MS + 5000), (1, START_MS + 5000), (2, START_MS)]
    assert smelt.rows("SELECT reason FROM bronze_rejects") == [("bad_timestamp",)]


ENTITY_NAMES = {"customerId": "customer_id", "customer-id": "customer_id", "Event_Id": "payload_event_id", "modelId": "key_model_id", "7id": "c_7id"}


@pytest.mark.parametrize("name", ENTITY_NAMES)
def test_the_key_of_an_entity_may_have_any_name(offline: Smelt, name: str) -> None:
    """Its column is made as that of a property of the payload; one of the payload with the same words gets another."""
    column = ENTITY_NAMES[name]
    entity = f'{{name: "{name}", logicalType: string, customProperties: [{{property: entity, value: Customer}}]}}'
    checked = take(offline, flat_contract("{name: customer-id_, logicalType: string}", entity), {name: "C1", "customer-id_": "x"})
    assert {"its entity is customer", f"its column is {column}"} <= {note["text"] for note in checked["notes"]}
    other = "customer_id_2" if column == "customer_id" else "customer_id"
    assert offline.rows(f"SELECT {column}, {other} FROM silver_clean_events") == [("C1", "x")]
    assert offline.rows(f"SELECT {column} FROM gold_customer_features") == [("C1",)]


FLAT_NAMES: dict[str, tuple[str, Any]] = {
    "id": ("string", "i7"), "type": ("string", "car"), "source": ("string", "web"), "subscriber_id": ("string", "z"),
    "timestamp": ("timestamp", "2026-11-20T10:00:00Z"), "quality_score": ("integer", 5), "payload": ("string", "x"),
}  # fmt: skip


@pytest.mark.parametrize("envelope", ["", "flat", "connect"])
def test_in_a_flat_message_a_name_alone_fills_no_column(offline: Smelt, envelope: str) -> None:
    message: Json = {"bike": "b", **{name: value for name, (_, value) in FLAT_NAMES.items()}}
    if envelope == "connect":
        message = {"schema": {}, "payload": message | {"ts": START_MS}}
    bike = "{name: bike, logicalType: string, customProperties: [{property: entity, value: bike}]}"
    fields = (f"{{name: {name}, logicalType: {logical}}}" for name, (logical, _) in FLAT_NAMES.items())
    checked = take(offline, flat_contract(bike, *fields, envelope=envelope), message)
    columns = ", ".join(f"payload_{name}" if name in ("subscriber_id", "quality_score", "payload") else name for name in FLAT_NAMES)
    expected = tuple(value for _, value in FLAT_NAMES.values())
    row = offline.rows(f"SELECT {columns.replace('timestamp', 'strftime(timestamp, $$%Y-%m-%dT%H:%M:%SZ$$)')}, event_type, bike, quality_score FROM silver_clean_events")
    assert row == [(*expected, "docked", "b", None)]
    notes = [note["text"] for note in checked["notes"] if note["text"].startswith("it is of the payload; to fill ")]
    assert len(notes) == (0 if envelope else len(FLAT_NAMES)), checked["notes"]


def test_a_property_of_the_payload_may_have_another_name_in_the_message(offline: Smelt) -> None:
    """Its column has the property's name. Paths have dots or brackets; names of tables are for other tools, and noted."""
    contract = flat_contract(
        '{name: battery, logicalType: integer, transformSourceObjects: ["$.bat"]}', """{name: load, logicalType: integer, transformSourceObjects: ["$['kg']"]}""",
        "{name: speed, logicalType: integer, transformSourceObjects: [table_of_speeds]}",
    )  # fmt: skip
    checked = take(offline, contract, {"bat": 7, "kg": 8, "speed": 9}, {"bat": "low"})
    assert offline.rows("SELECT battery, load, speed FROM silver_clean_events") == [(7, 8, 9)]
    assert offline.rows("SELECT rule, field FROM silver_quarantine") == [("type", "bat")]
    assert [note["path"] for note in checked["unenforced"]] == ["schema[0].properties[3].transformSourceObjects"]
    assert "it is the member bat of the payload" in {note["text"] for note in checked["notes"]}
    for path, expected in (('["$.a.bat"]', "expected $.bat, or leave this out"), ('"$.bat"', "expected a list"), ('["$.bat", "$.b"]', "expected $.bat")):
        write_pipeline(offline.folder / "pipeline", {"bikes": flat_contract(f"{{name: battery, logicalType: integer, transformSourceObjects: {path}}}")})
        (mistake,) = offline("contract", "check", code=78)["mistakes"]
        assert expected in mistake["message"], mistake


@pytest.mark.parametrize(("declared", "sent", "seen"), [("epoch_ms", 1000, "epoch_s"), ("epoch_us", 1000, "epoch_ms"), ("epoch_us", 1000_000, "epoch_s"), ("epoch_ns", 1000, "epoch_us")])
def test_a_time_of_another_unit_than_its_contract_says_is_noticed(offline: Smelt, declared: str, sent: int, seen: str) -> None:
    """It is a time of January 1970, and passes: refine, status and the drift of the Quality page say so, of the event's own time and of the payload."""
    scale = {"epoch_ms": 1, "epoch_us": 1000, "epoch_ns": 1000_000}[declared]
    contract = flat_contract(f"{{name: until, logicalType: timestamp, transformLogic: {declared}}}").replace("epoch_ms}\n", f"{declared}}}\n", 1)
    good, bad = [START_MS * scale + n for n in range(3)], [START_MS * scale // sent + n for n in range(4)]
    take(offline, contract, *({"ts": ts, "until": ts} for ts in good))
    assert offline.rows("SELECT * FROM silver_drift") == []
    (offline.folder / "more.jsonl").write_text("".join(json.dumps({"ts": ts, "until": str(ts)}) + "\n" for ts in bad))
    offline("ingest", "--from", "more.jsonl")
    refined = offline.run("refine", json_summary=False)
    drift = offline.rows("SELECT field, kind, events FROM silver_drift ORDER BY field")
    assert drift == [(field, f"{seen}_read_as_{declared}", 4) for field in ("ts", "until")]
    words = f"The values of ts look like {seen} in 4 events of docked, and the contract says {declared}: they became times of January 1970."
    assert f"Warning: {words}" in refined.stdout and "in no contract" not in refined.stdout and "transformLogic" in refined.stdout
    offline("publish")
    (silver,) = (part for part in offline("status", code=69)["components"] if part["name"] == "silver")
    assert (silver["state"], silver["other_units"][0]["words"]) == ("degraded", words) and words in silver["detail"]
    again = offline("refine", "--full")
    assert (again["drifted"], again["other_unit"]) == (4, 4)


def test_a_time_of_a_smaller_unit_than_its_contract_says_is_no_time(offline: Smelt) -> None:
    contract = flat_contract("{name: until, logicalType: timestamp, transformLogic: epoch_s}")
    take(offline, contract, {"until": START_MS}, {"ts": START_MS * 1000})
    reason = "must be in the years 0001 to 9999 as a number of seconds since 1970"
    assert offline.rows("SELECT rule, field, reason FROM silver_quarantine") == [("impossible_time", "until", reason)]
    assert offline.rows("SELECT reason FROM bronze_rejects") == [("bad_timestamp",)]
    assert "is not in the form that its contract says" in offline.run("quarantine", "list", json_summary=False).stdout


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_change_that_is_sent_again_is_a_duplicate(offline: Smelt, wrapped: bool) -> None:
    """The connector's clock (the outer ts_ms) is another at each sending; another row at the same position is a row of its own: a COPY has many at one."""
    preset = "connect+debezium" if wrapped else "debezium"
    text = flat_contract("{name: id, logicalType: integer}", envelope=preset).replace("      - {name: ts, physicalName: event_timestamp, logicalType: timestamp, transformLogic: epoch_ms}\n", "")
    write_pipeline(offline.folder / "pipeline", {"bikes": text.replace("name: docked", "name: TRIP")})
    offline.env["SMELT_PIPELINE_DIR"] = str(offline.folder / "pipeline")

    def send_change(clock: int, row: int, lsn: int = 1) -> str:
        change = {"op": "c", "before": None, "after": {"id": row}, "source": {"name": "pg", "table": "TRIP", "lsn": lsn, "ts_ms": START_MS, "ts_us": START_MS * 1000}, "ts_ms": clock, "ts_ns": clock * 10**6}
        return json.dumps({"schema": {}, "payload": change} if wrapped else change) + "\n"

    file = offline.folder / "in.jsonl"
    file.write_text(send_change(1, 7) + send_change(2, 7) + send_change(3, 8, lsn=2))
    first = offline("ingest", "--from", file)
    file.write_text(file.read_text() + send_change(4, 7) + send_change(5, 9))
    second = offline("ingest", "--from", file)
    assert [(done["landed"], done["duplicates"]) for done in (first, second)] == [(2, 1), (1, 1)]
    assert (offline("refine")["silver"], offline.rows("SELECT rule FROM silver_quarantine")) == (3, [])
    assert '"ts_ms": 1' in offline.rows("SELECT extra_fields::VARCHAR FROM bronze_raw_events ORDER BY kafka_offset")[0][0]


@pytest.mark.parametrize("keys", ["none", "avro", "the schema of three columns"])
def test_rows_of_a_snapshot_are_events_of_their_own(lake: Smelt, topic: Topic, keys: str) -> None:
    """They all have one position and one time. Without a primary key two may be equal, and are two rows still."""
    text = flat_contract("{name: id, logicalType: integer}", envelope="debezium").replace("      - {name: ts, physicalName: event_timestamp, logicalType: timestamp, transformLogic: epoch_ms}\n", "")
    write_pipeline(lake.folder / "pipeline", {topic.name: text.replace("physicalName: bikes", f"physicalName: {topic.name}").replace("name: docked", "name: TRIP")})

    def key(row: int) -> bytes | None:
        if keys == "none":
            return None
        if keys == "avro":
            return b"\0\0\0\0\1" + bytes([(row * 2) & 127 | 128, row >> 6])  # an int as Avro has it, from 64 on
        names = ["the_first_column", "the_second_column", "the_third_column"]
        fields = [{"type": "int64", "optional": False, "field": name} for name in names]
        return encode({"schema": {"type": "struct", "fields": fields, "name": f"server.public.{topic.name}.Key"}, "payload": dict.fromkeys(names, row)})

    for row in range(64, 114):
        number = row if keys != "none" else row // 2
        change = {"op": "r", "after": {"id": number}, "source": {"name": "pg", "table": "TRIP", "lsn": 9, "ts_ms": START_MS}, "ts_ms": START_MS}
        topic.broker.producer.produce(topic.name, encode(change), key=key(row))
    assert topic.broker.producer.flush(60) == 0
    assert (lake("ingest")["landed"], lake("refine")["silver"]) == (50, 50)
    assert lake("quarantine", "list")["events"] == 0


def test_what_is_rejected_is_called_as_in_its_messages(lake: Smelt, topic: Topic) -> None:
    """The field is the sender's; no other form is asked for than that of the contract; a value and a reason are of one event."""
    contract = flat_contract("{name: ride, logicalType: string, primaryKey: true}", "{name: fee, logicalType: integer, physicalName: fee}").replace("bikes", topic.name)
    write_pipeline(lake.folder / "pipeline", {topic.name: contract})
    rows: list[Any] = [{"ts": "2026-11-20T10:00:00Z", "ride": "a"}, {"ts": START_MS, "ride": {}}, {"ts": START_MS, "ride": "b", "fee": True}, {"ts": START_MS, "ride": "c", "fee": []}, None]
    topic.send(None if row is None else encode(row) for row in rows)
    assert (lake("ingest")["landed"], lake("refine")["silver"]) == (2, 0)
    found = {rule["rule"]: (rule["field"], rule["reason"]) for rule in lake("quarantine", "list")["rules"]}
    assert found["bad_id"][0] == "ride" and found["bad_timestamp"][0] == "ts" and "not in the form that its contract says" in found["bad_timestamp"][1], found
    assert found["tombstone"][1] == "the message has no value: a tombstone"
    (typed,) = [rule for rule in lake("quarantine", "list")["rules"] if rule["rule"] == "type"]
    assert (typed["example"], typed["reason"]) in lake.rows('SELECT "value", reason FROM silver_quarantine'), typed


def test_ids_of_another_entity_are_said(offline: Smelt) -> None:
    """Bronze has the id that was read when the event landed: made anew under a contract with another entity, a station had the name of a bike."""
    row = {"ts": START_MS, "bike_id": "B1", "station": "S1"}
    bike = "{name: bike_id, logicalType: string, customProperties: [{property: entity, value: bike}]}"
    station = "{name: station, logicalType: string, customProperties: [{property: entity, value: station}]}"
    take(offline, flat_contract(bike, "{name: station, logicalType: string}"), row)
    assert offline("refine", "--full")["other_ids"] == 0
    write_pipeline(offline.folder / "pipeline", {"bikes": flat_contract("{name: bike_id, logicalType: string}", station)})
    now = offline.run("refine")
    assert now.summary["other_ids"] == 0 and offline.rows("SELECT station FROM gold_station_features") == [("S1",)], now
    again = offline.run("refine", "--full")
    assert again.summary["other_ids"] == 1 and "1 event of file:" in again.stderr, again
    assert "landed while the id of the station was $.bike_id in the messages; it is $.station now" in again.stderr, again
    (offline.folder / "more.jsonl").write_text(json.dumps(row | {"ts": START_MS + 1}) + "\n")
    offline("ingest", "--from", "more.jsonl")
    assert offline("refine")["other_ids"] == 0
