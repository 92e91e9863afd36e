"""Rows 29, 32, 33 and 34: leaders that do not answer, messages that are held back, markers, and times that nobody can have meant."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterable

from confluent_kafka import Producer
from confluent_kafka.admin import AclOperation, ResourceType
from faults import oracle
from faults.bench import Bench, Outcome
from harness import SMALL_BATCHES, Sent, Smelt, Topic, billing, encode, events, eventually
from rights import Denied

# ---- row 29 ----


def assert_no_sentinel(smelt: Smelt) -> None:
    if smelt.lake.exists():
        stored = "SELECT count(*) FROM ledger_partitions WHERE start_offset < 0 OR next_offset < 0"
        assert smelt.value(stored) == 0, smelt.rows("FROM ledger_partitions")


def unanswered_offsets(bench: Bench, most: int) -> Outcome:
    """The broker freezes or dies just when it is asked where its partitions begin and end."""
    topic, outcome = bench.topic(), Outcome()
    sent = topic.send(events(0, 200))
    while outcome.injected < most:
        is_new = outcome.injected % 2 == 0
        smelt = bench.smelt(topic, f"asked-{outcome.injected}", bench.sanitized)
        if not is_new:
            smelt("ingest")
            sent += topic.send(events(len(sent), 50))
        freezes = outcome.injected // 2 % 2 == 0
        running = smelt.start("ingest", "--timeout", "4s", "--set", "kafka.socket.timeout.ms=1000")
        eventually("it asks", lambda: running.stderr != "" or smelt.data.exists(), 30)
        if freezes:
            bench.broker.tool("pause-node", "1")
        else:
            bench.broker.kill()
        try:
            result = running.wait(60)
        finally:
            if freezes:
                bench.broker.tool("resume-node", "1")
            bench.broker.start()
        assert result.code in (0, 69), result
        assert_no_sentinel(smelt)
        smelt("ingest")
        outcome.injected += 1
        outcome.count(oracle.check(smelt, sent))
    return outcome


# ---- row 32 ----


def held_back(bench: Bench, most: int) -> Outcome:
    """A transaction that nobody ends, and a group that may not be used: the rest lands, and what waits is seen."""
    outcome = Outcome()
    while outcome.injected < most:
        topic = bench.topic()
        smelt = bench.smelt(topic, f"held-{outcome.injected}", bench.sanitized)
        producer = Producer(topic.broker.client_options() | {"transactional.id": topic.name, "transaction.timeout.ms": 120_000})
        producer.init_transactions(20)
        producer.begin_transaction()
        open_ones = topic.send(events(0, bench.chance.randint(1, 50)), partition=0, producer=producer)
        behind = topic.send(events(1000, 20), partition=0)
        other = topic.send(events(2000, 100), partition=1)
        with Denied(topic.broker, ResourceType.GROUP, topic.name, AclOperation.READ):
            smelt("ingest")
            assert smelt.value("SELECT count(*) FROM bronze_raw_events") == len(other)
            outcome.count(oracle.balance(smelt, other))
        (kafka,) = (part for part in smelt.run("status").summary["components"] if part["name"] == "kafka")
        assert kafka["behind_transactions"] == len(open_ones) + len(behind), kafka
        producer.commit_transaction(20)
        eventually("Kafka gives them out", lambda: smelt("ingest")["landed"] > 0)
        outcome.injected += 1
        outcome.count(oracle.check(smelt, open_ones + behind + other))
    return outcome


# ---- row 33 ----


def landing_seconds(smelt: Smelt) -> float:
    """Of a processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = smelt("ingest")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def markers(bench: Bench, most: int) -> Outcome:
    """400 transactions over 50 partitions cost at most twice what the same messages cost without, and no marker is called a loss."""
    outcome = Outcome()
    while outcome.injected < most:
        plain, marked = bench.topic(50), bench.topic(50)
        producer = Producer(marked.broker.client_options() | {"transactional.id": marked.name, "linger.ms": 0})
        producer.init_transactions(20)
        sent: list[Sent] = []
        for number in range(400):
            producer.begin_transaction()
            sent += marked.send(events(50 * number, 50), producer=producer)
            producer.commit_transaction(20)
        plain.send(message.value for message in sent)
        usual = landing_seconds(bench.smelt(plain, f"plain-{outcome.injected}"))
        smelt = bench.smelt(marked, f"marked-{outcome.injected}")
        with_markers = landing_seconds(smelt)
        outcome.note(f"{with_markers:.2f} s of a processor, {usual:.2f} without markers")
        assert with_markers < 2 * usual + 0.2, outcome.notes
        outcome.injected += 1
        outcome.count(oracle.check(smelt, sent))
    return outcome


# ---- row 34 ----

NOW_MS = int(time.time() * 1000)
TIMES = (1, 1000, NOW_MS // 1000, NOW_MS, NOW_MS * 1000, NOW_MS * 1_000_000 % 2**62, 2**31, 2**32, 253_402_300_799_999, 253_402_300_800_000, 2**53, 2**62, 2**63 - 1)


def send_at(topic: Topic, values: Iterable[bytes], timestamp: int) -> list[Sent]:
    sent: list[Sent] = []
    for value in values:
        topic.broker.producer.produce(
            topic.name, value, partition=0, timestamp=timestamp, on_delivery=lambda error, m: sent.append(Sent(m.partition(), m.offset(), m.value())) if not error else None
        )
    assert topic.broker.producer.flush(30) == 0
    return sent


def record_times(bench: Bench, most: int) -> Outcome:
    """Milliseconds taken for seconds, micro- or nanoseconds, and the ends of the range: the events are good, so none is quarantined for them."""
    outcome = Outcome()
    topic = bench.topic(**{"message.timestamp.after.max.ms": str(2**63 - 1), "message.timestamp.before.max.ms": str(2**63 - 1)})
    smelt = bench.smelt(topic, binary=bench.sanitized)
    sent: list[Sent] = []
    for number, timestamp in enumerate(TIMES[:most]):
        accepted = send_at(topic, (encode(billing(n)) for n in range(10 * number, 10 * number + 10)), timestamp)
        sent += accepted
        outcome.injected += len(accepted) > 0
    outcome.exhausted = True
    smelt("ingest", *SMALL_BATCHES)
    smelt("refine")
    outcome.note(f"Kafka took {outcome.injected} of {len(TIMES)}")
    held = smelt.rows("SELECT rule, field, value, count(*) FROM silver_quarantine GROUP BY ALL")
    assert held == [], held
    impossible = "SELECT count(*) FROM bronze_raw_events WHERE kafka_timestamp NOT BETWEEN '0001-01-01' AND '9999-12-31 23:59:59.999999'"
    assert smelt.value(impossible) == 0
    outcome.count(oracle.check(smelt, sent))
    return outcome
