"""The synthetic operator: the same seed gives the same bytes, and every message is acknowledged once."""

from __future__ import annotations

import json
import signal
from collections import Counter, defaultdict
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition
from harness import Broker, Json, Smelt, Topic, eventually

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


def read_all(topic: Topic) -> list[tuple[int, bytes | None, bytes | None]]:
    consumer = Consumer(topic.broker.client_options() | {"group.id": "reader", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic.name, p, 0) for p in range(topic.partitions)])
    found, open_partitions = [], topic.partitions
    while open_partitions > 0:
        message = consumer.poll(10)
        assert message is not None
        if message.error():
            open_partitions -= 1
        else:
            found.append((message.partition(), message.key(), message.value()))
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
    for partition, key, value in found:
        homes[key].add(partition)
        assert json.loads(value or b"")["subscriber_id"].upper().encode() == key
    assert 100 < len(homes) <= 200 and all(len(partitions) == 1 for partitions in homes.values())


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
