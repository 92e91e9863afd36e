"""The synthetic operator: the same seed gives the same bytes, and every message is acknowledged once."""

from __future__ import annotations

import csv
import json
import signal
from collections import Counter, defaultdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import ConfigResource
from harness import Broker, Json, Smelt, Topic, eventually, events

HISTORY = ("--start", "2026-10-01", "--days", "3", "--subscribers", "50", "--faults", "0.05")


def made(smelt: Smelt, name: str, *args: str) -> bytes:
    smelt("produce", "--out", name, *args)
    return (smelt.folder / name).read_bytes()


def test_the_same_seed_gives_the_same_bytes(offline: Smelt) -> None:
    one = made(offline, "one.jsonl", "--seed", "7", *HISTORY)
    assert made(offline, "two.jsonl", "--seed", "7", *HISTORY) == one
    assert made(offline, "other.jsonl", "--seed", "8", *HISTORY) != one
    assert made(offline, "a.jsonl", *HISTORY) != made(offline, "b.jsonl", *HISTORY)
    assert one.count(b"\n") == 3 * 50 * 8


def test_the_simple_behaviour_keeps_its_bytes(offline: Smelt) -> None:
    events = made(offline, "old.jsonl", "--seed", "7", *HISTORY, "--truth", "truth.csv")
    assert sha256(events).hexdigest() == "d2f1a310e2fc1a21ab9f658e018e3f9afa9878dcbf563e4bb8b053e5620bc638"
    lines = (offline.folder / "truth.csv").read_text().splitlines()
    old_columns = "".join(line.rpartition(",")[0] + "\n" for line in lines)
    assert sha256(old_columns.encode()).hexdigest() == "072e9062b168f77dcc2aa3b5547dddde974d936a1bf17da38d5f8ebeaff118a4"
    assert made(offline, "named.jsonl", "--behaviour", "simple", "--seed", "7", *HISTORY) == events


CREDIBLE = ("--behaviour", "credible", "--seed", "5", "--start", "2026-03-01", "--days", "120", "--subscribers", "400", "--events", "24000")


def microseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000_000)


def departures_of(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_who_departs_mostly_stops(offline: Smelt) -> None:
    lines = made(offline, "c.jsonl", *CREDIBLE, "--departures", "left.csv").splitlines()
    assert made(offline, "again.jsonl", *CREDIBLE).splitlines() == lines
    left = {row["subscriber_id"]: row for row in departures_of(offline.folder / "left.csv")}
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for line in lines:
        arrived, _, text = line.partition(b"\t")
        event = json.loads(text)
        assert microseconds(event["timestamp"]) // 1000 <= int(arrived)
        row = left.get(event["subscriber_id"].upper())
        if row is not None and event["timestamp"] < row["until"]:
            (before if event["timestamp"] < row["left_at"] else after)[row["subscriber_id"]] += 1
    assert len(before) > 80 and before.total() > 10 * after.total()
    assert {row["cause"] for row in left.values()} >= {"own"} and {row["returns"] for row in left.values()} == {"0", "1"}
    assert 0.15 < sum(row["distress_days"] == "0" for row in left.values()) / len(left) < 0.45


def test_truth_has_the_ceiling_at_a_cut(offline: Smelt) -> None:
    offline("produce", "--out", "c.jsonl", *CREDIBLE, "--departures", "left.csv", "--truth", "truth.csv", "--truth-at", "2026-05-30")
    leaving = {r["subscriber_id"] for r in departures_of(offline.folder / "left.csv") if "2026-05-30" <= r["left_at"] < "2026-06-29"}
    rows = departures_of(offline.folder / "truth.csv")
    there = [row for row in rows if row["ceiling"]]
    assert len(rows) == 400 and 250 < len(there) < 350
    assert {row["subscriber_id"] for row in there if row["churned"] == "1"} == leaving
    ceiling = {row["subscriber_id"]: float(row["ceiling"]) for row in there}
    leavers, stayers = [ceiling[i] for i in leaving], [p for i, p in ceiling.items() if i not in leaving]
    assert sum(leavers) / len(leavers) > 5 * sum(stayers) / len(stayers)


def test_arrival_times_reach_the_lake_from_a_file(offline: Smelt) -> None:
    lines = made(offline, "c.jsonl", *CREDIBLE, "--faults", "0.02").splitlines()
    offline("ingest", "--from", "c.jsonl")
    times = dict(offline.rows("SELECT kafka_offset, epoch_us(kafka_timestamp) FROM bronze_raw_events"))
    assert len(times) > 23000
    for offset, time in times.items():
        assert time == int(lines[offset].partition(b"\t")[0]) * 1000
    assert offline.value("SELECT count(*) FROM bronze_raw_events WHERE event_timestamp > kafka_timestamp + INTERVAL 1 millisecond") == 0
    assert int(offline.value("SELECT count(*) FROM bronze_raw_events WHERE event_timestamp < kafka_timestamp - INTERVAL 1 hour")) > 100


def test_a_line_without_a_time_has_none(offline: Smelt) -> None:
    (offline.folder / "few.jsonl").write_bytes(b"".join(prefix + event + b"\n" for prefix, event in zip(PREFIXES, events(0, 5), strict=True)))
    done = offline("ingest", "--from", "few.jsonl")
    assert (done["landed"], done["rejected"]) == (2, 3)
    assert offline.rows("SELECT kafka_offset, epoch_us(kafka_timestamp) FROM bronze_raw_events ORDER BY 1") == [(0, 1772323890326000), (1, None)]


PREFIXES = (b"1772323890326\t", b"", b"177232389032\t", b"17723238903267\t", b"1772323890326 ")


def test_events_are_what_the_contracts_say(offline: Smelt) -> None:
    lines = made(offline, "clean.jsonl", "--seed", "7", "--events", "3000", "--start", "2026-10-01", "--days", "2").splitlines()
    found = [json.loads(line) for line in lines]
    assert len(found) == 3000
    assert {e["type"] for e in found} == {"BSS", "OSS", "IoT"}
    for e in found:
        assert list(e) == ["id", "type", "source", "subscriber_id", "timestamp", "payload", "quality_score"]
        assert e["timestamp"].startswith(("2026-10-01", "2026-10-02"))
    assert len({e["subscriber_id"] for e in found}) > 500
    assert offline("ingest", "--from", "clean.jsonl")["landed"] == 3000
    refined = offline("refine")
    assert (refined["silver"], refined["quarantined"], refined["drifted"]) == (3000, 0, 0)


def test_faults_are_counted_by_kind(offline: Smelt) -> None:
    done = offline("produce", "--out", "f.jsonl", "--seed", "1", "--events", "20000", "--faults", "0.1")
    assert 1500 < sum(done["faults"].values()) < 2500
    ingested = offline("ingest", "--from", "f.jsonl")
    faults = Counter(done["faults"])
    assert ingested["duplicates"] == faults["redelivery"]
    assert ingested["rejected"] == faults["not_json"] + faults["empty"] + faults["tombstone"] + faults["not_object"] + rejected_envelopes(offline)
    offline.audit()


def rejected_envelopes(smelt: Smelt) -> int:
    return int(smelt.value("SELECT count(*) FROM bronze_rejects WHERE reason LIKE 'bad\\_%' ESCAPE '\\'"))


def read_all(topic: Topic) -> list[Message]:
    consumer = Consumer(topic.broker.client_options() | {"group.id": "reader", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic.name, p, 0) for p in range(topic.partitions)])
    found, open_partitions = [], topic.partitions
    while open_partitions > 0:
        message = consumer.poll(10)
        assert message is not None
        if message.error():
            open_partitions -= 1
        else:
            found.append(message)
    consumer.close()
    return found


def test_everything_is_acknowledged_and_keyed_by_subscriber(new_smelt: type[Smelt], broker: Broker, tmp_path: Path) -> None:
    topic = Topic(broker, f"produced-{tmp_path.name}", 3)
    smelt = new_smelt(topic)
    done = smelt("produce", "--events", "6000", "--partitions", "3", "--subscribers", "200")
    assert (done["events"], done["acknowledged"], done["failed"], done["partitions"]) == (6000, 6000, 0, 3)
    found = read_all(topic)
    assert len(found) == 6000
    homes: dict[bytes | None, set[int]] = defaultdict(set)
    for message in found:
        homes[message.key()].add(message.partition())
        assert json.loads(message.value() or b"")["subscriber_id"].upper().encode() == message.key()
    assert 100 < len(homes) <= 200 and all(len(partitions) == 1 for partitions in homes.values())


def test_arrival_times_are_the_timestamps_of_the_records(new_smelt: type[Smelt], broker: Broker, tmp_path: Path) -> None:
    topic = Topic(broker, f"arrived-{tmp_path.name}", 1)
    smelt = new_smelt(topic)
    now = datetime.now(UTC).timestamp() * 1000
    for behaviour in ("simple", "credible"):
        smelt("produce", "--behaviour", behaviour, "--days", "3", "--events", "500", "--subscribers", "50", "--partitions", "1")
    records = read_all(topic)
    assert len(records) == 1000
    assert retention_of(topic) != "-1"  # the simple one created it
    for number, record in enumerate(records):
        at = microseconds(json.loads(record.value() or b"")["timestamp"]) // 1000
        time = record.timestamp()[1]
        assert time >= now - 60_000 if number < 500 else at <= time < at + 2 * 86_400_000


def retention_of(topic: Topic) -> str:
    (answer,) = topic.broker.admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, topic.name)]).values()
    return str(answer.result(10)["retention.ms"].value)


def test_a_topic_for_a_history_keeps_it(new_smelt: type[Smelt], broker: Broker, tmp_path: Path) -> None:
    topic = Topic(broker, f"kept-{tmp_path.name}", 4)
    new_smelt(topic)("produce", "--behaviour", "credible", "--days", "300", "--events", "100", "--subscribers", "50")
    assert retention_of(topic) == "-1"
    assert len(read_all(topic)) == 100


def test_a_broker_that_refuses_times_says_so(new_smelt: type[Smelt], broker: Broker, tmp_path: Path) -> None:
    """librdkafka says of most messages of a batch only that another one was refused; to try it again helps nothing."""
    topic = broker.topic(f"recent-{tmp_path.name}", 1, **{"message.timestamp.before.max.ms": "3600000"})
    result = new_smelt(topic).run("produce", "-n", "100", "--days", "3", "--arrival-times")
    assert result.code == 65 and "imestamp" in result.error and "in the same batch" not in result.error, result


def test_a_stream_goes_on_until_sigterm(smelt: Smelt, topic: Topic) -> None:
    running = smelt.start("produce", "--stream", "--min-events", "5", "--max-events", "9", "--min-wait", "100ms", "--max-wait", "200ms")
    eventually("some batches", lambda: running.stderr.count("batch of") >= 3)
    result = running.end(signal.SIGTERM)
    done: Json = result.summary
    assert result.code == 0 and done["acknowledged"] == done["events"] >= 15 and done["failed"] == 0
    assert len(read_all(topic)) == done["events"]


def test_an_absent_broker_is_said(offline: Smelt) -> None:
    result = offline.run("produce", "--events", "10", "--set", "kafka.message.timeout.ms=2000", seconds=90)
    assert result.code == 69 and "127.0.0.1:1" in result.error
