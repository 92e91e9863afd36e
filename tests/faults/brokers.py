"""Rows 12, 14 and 15: what Kafka may do that is not a wrong answer: be away, forget, begin anew, hold back."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition
from faults import oracle
from faults.bench import Bench, Outcome
from faults.kills import mixed
from harness import SMALL_BATCHES, Running, Sent, Smelt, Topic, encode, event, events, eventually

# ---- row 12 ----

BUSY = 0.5  # of one core: more is a busy loop, also with sanitizers
LONG_ABSENCE = 600.0


def cpu_seconds(running: Running) -> float:
    fields = Path(f"/proc/{running.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def away(bench: Bench, running: Running, seconds: float) -> None:
    """No broker for so long; the process must live and rest meanwhile."""
    used, began = cpu_seconds(running), time.monotonic()
    eventually("the time is over", lambda: time.monotonic() - began > seconds or not running.is_running(), seconds + 60)
    assert running.is_running(), f"it did not wait: {running.stderr}"
    share = (cpu_seconds(running) - used) / (time.monotonic() - began)
    assert seconds < 2 or share < BUSY, f"{share:.0%} of a core while there was nothing to do"


def absent_brokers(bench: Bench, most: int) -> Outcome:
    topic, outcome = bench.topic(), Outcome()
    smelt = bench.smelt(topic, binary=bench.sanitized)
    sent = topic.send(mixed(bench.chance, 0, 1000))
    running = smelt.start("ingest", "--follow", *SMALL_BATCHES)
    longest = 0.0
    while outcome.injected < most:
        sent += topic.send(mixed(bench.chance, len(sent), 1500))
        before = topic.committed(topic.name)
        eventually("it reads", lambda: topic.committed(topic.name) > before, 60)
        is_last = outcome.injected == most - 1
        seconds = max(3.0, LONG_ABSENCE * min(bench.scale, 1)) if is_last else bench.chance.uniform(0, 2)
        getattr(bench.broker, "down" if outcome.injected % 2 else "kill")()
        away(bench, running, seconds)
        bench.broker.start()
        longest = max(longest, seconds)
        outcome.injected += 1
        sent += topic.send(mixed(bench.chance, len(sent), 100))
        eventually("everything landed", lambda: topic.committed(topic.name) >= len(sent), 90)
    assert running.end(seconds=10).code == 0
    outcome.count(oracle.check(smelt, sent))
    outcome.note(f"the longest absence was {longest:.0f} s")
    return outcome


# ---- row 14 ----


def assert_gap(smelt: Smelt, first: int, following: int) -> None:
    gaps = smelt.rows("SELECT first_offset, next_offset FROM bronze_gaps WHERE kafka_partition = 0 AND reason = 'retention'")
    assert gaps == [(first, following)], gaps


def forgotten(smelt: Smelt, topic: Topic, chance_of: int) -> tuple[list[Sent], int]:
    """Retention was faster, between two runs."""
    sent = topic.send(events(0, 100), partition=0)
    smelt("ingest")
    topic.send(events(100, chance_of), partition=0)
    topic.delete_records(0, before=100 + chance_of)
    sent += topic.send(events(1000, 20), partition=0)
    result = smelt.run("ingest")
    assert result.code == 0 and "retention" in result.stderr and f"offsets 100 to {99 + chance_of}" in result.stderr, result
    assert_gap(smelt, 100, 100 + chance_of)
    audit = smelt.audit()
    assert audit["lost"] == chance_of and [loss["reason"] for loss in audit["losses"]] == ["retention"], audit
    return sent, 0


def forgotten_while_reading(smelt: Smelt, topic: Topic, chance_of: int) -> tuple[list[Sent], int]:
    """Retention was faster than a process that stood still."""
    sent = topic.send(events(0, 100), partition=0)
    running = smelt.start("ingest", "--follow")
    eventually("landed", lambda: topic.committed(topic.name) == 100)
    running.process.send_signal(signal.SIGSTOP)
    topic.send(events(100, chance_of), partition=0)
    topic.delete_records(0, before=100 + chance_of)
    sent += topic.send(events(1000, 20), partition=0)
    running.process.send_signal(signal.SIGCONT)
    eventually("all landed", lambda: topic.committed(topic.name) == 120 + chance_of, 60)
    assert running.end().code == 0
    gone = smelt.rows("SELECT min(first_offset), max(next_offset) FROM bronze_gaps WHERE kafka_partition = 0")
    landed = smelt.value("SELECT count(*) FROM bronze_raw_events WHERE kafka_offset >= 100 AND kafka_offset < ?", 100 + chance_of)
    # a fetch that was under way may have brought some of them, or all
    assert gone == [(100 + landed, 100 + chance_of) if landed < chance_of else (None, None)], (gone, landed)
    return sent + [Sent(0, 100 + n, events(100 + n, 1)[0]) for n in range(landed)], 0


def begun_anew(smelt: Smelt, topic: Topic, chance_of: int) -> tuple[list[Sent], int]:
    """Deleted and recreated: refused, and read as a new epoch once that is accepted."""
    old = topic.send(events(0, 100))
    smelt("ingest")
    topic.delete()
    topic.create()
    sent = topic.send(events(5000, chance_of))
    result = smelt.run("ingest")
    assert result.code == 65 and "recreated" in result.error, result
    assert smelt("ingest", "--new-epoch")["landed"] == chance_of
    found = oracle.balance(smelt, old, epoch=0)
    assert found.lost == found.duplicated == 0
    return sent, 1


def forgetting_brokers(bench: Bench, most: int) -> Outcome:
    outcome, kinds = Outcome(), Counter[str]()
    ways = (forgotten, begun_anew, forgotten_while_reading)
    while outcome.injected < most:
        topic = bench.topic()
        smelt = bench.smelt(topic, f"lake-{outcome.injected}", bench.sanitized)
        way = ways[outcome.injected % len(ways)]
        sent, epoch = way(smelt, topic, bench.chance.randint(1, 80))
        outcome.injected += 1
        kinds[way.__name__] += 1
        outcome.count(oracle.check(smelt, sent, epoch))
    outcome.note(f"{dict(kinds)}")
    return outcome


# ---- row 15 ----


def in_transactions(bench: Bench, topic: Topic, first: int) -> tuple[list[Sent], int]:
    """Some are committed, some aborted; returns what was committed, and how many were aborted."""
    producer = Producer(topic.broker.client_options() | {"transactional.id": topic.name, "transaction.timeout.ms": 30_000})
    producer.init_transactions(20)
    committed: list[Sent] = []
    aborted = 0
    for _ in range(6):
        producer.begin_transaction()
        sent = topic.send(events(first, count := bench.chance.randint(1, 60)), producer=producer)
        first += count
        if bench.chance.random() < 0.5 or not committed:
            producer.commit_transaction(20)
            committed += sent
        else:
            producer.abort_transaction(20)
            aborted += count
    return committed, aborted


def keyed(topic: Topic, key: str, value: bytes) -> None:
    problems = []
    topic.broker.producer.produce(topic.name, value, key, partition=0, on_delivery=lambda error, _: problems.append(error) if error else None)
    assert topic.broker.producer.flush(30) == 0 and not problems, problems


def left_in(topic: Topic) -> set[int]:
    """Offsets that Kafka still delivers, as another client sees them."""
    consumer = Consumer(topic.broker.client_options() | {"group.id": f"{topic.name}-look", "enable.partition.eof": True, "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic.name, 0, 0)])
    found = set()
    try:
        while True:
            message = consumer.poll(10)
            if message is None or message.error():
                return found
            found.add(message.offset())
    finally:
        consumer.close()


def compacted(bench: Bench, topic: Topic) -> int:
    """Many versions of few keys, until Kafka has removed some in the middle; returns the end of the partition."""
    end = 0

    def removed() -> bool:
        nonlocal end
        for _ in range(40):
            keyed(topic, f"key-{bench.chance.randint(0, 5)}", encode(event(end)))
            end += 1
        return len(left_in(topic)) < end

    eventually("Kafka compacted the topic", removed, 90)
    return end


def holes(bench: Bench, most: int) -> Outcome:
    outcome = Outcome()
    while outcome.injected < most:
        topic = bench.topic()
        smelt = bench.smelt(topic, f"aborted-{outcome.injected}", bench.sanitized)
        committed, aborted = in_transactions(bench, topic, 0)
        smelt("ingest")
        outcome.count(oracle.check(smelt, committed))  # an aborted one that landed was never acknowledged
        squeezed, kept = compaction(bench, outcome)
        outcome.injected += 1
        outcome.note(f"{aborted} aborted, {squeezed} of {squeezed + kept} compacted")
    return outcome


def compaction(bench: Bench, outcome: Outcome) -> tuple[int, int]:
    """What Kafka still had afterwards has landed; what it had before is all that may have."""
    config = {"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01", "delete.retention.ms": "0"}
    topic = bench.topic(1, **config)
    smelt = bench.smelt(topic, f"compacted-{outcome.injected}", bench.sanitized)
    end = compacted(bench, topic)
    before = left_in(topic)
    smelt("ingest")
    after = left_in(topic)
    landed = {offset for place, offset in smelt.rows(f"SELECT place, kafka_offset FROM ({oracle.PLACES})") if place != "gap"}
    audited = smelt.audit()
    assert landed <= before and audited["offsets"] == end and audited["gaps"] == end - len(landed), audited
    outcome.lost += len(after - landed)
    return end - len(landed), len(landed)
