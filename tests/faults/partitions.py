"""Rows 30 and 31: one partition of which Kafka has lost, or damaged, what it had acknowledged."""

from __future__ import annotations

from faults import oracle
from faults.bench import Bench, Outcome
from harness import Running, Smelt, events, eventually
from segments import cut_off, flip, send_batches


# ---- row 30 ----


def assert_noticed(smelt: Smelt, running: Running | None, *says: str) -> None:
    """A run ends with it; one that follows says it and reads the other partitions on."""
    if running is None:
        result = smelt.run("ingest")
        assert result.code == 65, result
        told = result.error
    else:
        running.wait_for_log(says[0])
        assert running.end().code == 0
        told = running.stderr
    assert all(words in told for words in says), told


def cut_logs(bench: Bench, most: int) -> Outcome:
    """Noticed whether the log ends below, at or beyond what was read, between two runs or while it is followed; nothing is lost after it."""
    outcome = Outcome()
    while outcome.injected < most:
        topic = bench.topic()
        smelt = bench.smelt(topic, f"lake-{outcome.injected}", bench.sanitized)
        batches, size = bench.chance.randint(2, 8), bench.chance.randint(1, 20)
        kept = bench.chance.randint(1, batches - 1)
        first = send_batches(topic, 0, batches, size)
        other = topic.send(events(5000, 30), partition=1)
        follows = outcome.injected % 2 == 1
        running = smelt.start("ingest", "--follow") if follows else None
        if running is None:
            smelt("ingest")
        else:
            eventually("landed", lambda: topic.committed(topic.name) == batches * size + 30)
        cut_off(topic, 0, kept)
        producer = topic.broker.new_producer()
        grown = topic.send(events(1000, bench.chance.randint(0 if running is None else 1, 2 * batches * size)), partition=0, producer=producer)
        assert_noticed(smelt, running, f"truncated at offset {kept * size}", f"offsets {kept * size} to {batches * size - 1}")
        before = oracle.balance(smelt, first + other, epoch=0)
        assert before.lost == before.duplicated == 0, before
        smelt("ingest", "--new-epoch")
        resent = topic.send((message.value for message in first[kept * size :]), partition=0, producer=producer)
        smelt("ingest")
        outcome.injected += 1
        outcome.count(oracle.check(smelt, grown + resent, epoch=1))
    return outcome


# ---- row 31 ----


def unreadable_batches(bench: Bench, most: int) -> Outcome:
    """The other partition lands, the batch is named in time, and passed on demand: it alone."""
    outcome = Outcome()
    while outcome.injected < most:
        topic = bench.topic()
        smelt = bench.smelt(topic, f"lake-{outcome.injected}", bench.sanitized)
        batches, size = bench.chance.randint(1, 5), bench.chance.randint(1, 40)
        damaged = bench.chance.randint(0, batches - 1)
        sent = send_batches(topic, 0, batches, size)
        flip(topic, 0, damaged)
        other = topic.send(events(5000, 50), partition=1, producer=topic.broker.new_producer())
        result = smelt.run("run", "--set", "ingest.timeout=3s")
        assert result.code == 65 and f"is at offset {damaged * size} of {batches * size}" in result.error, result
        assert result.summary["steps"][-1] | {"name": "publish", "state": "done"} == result.summary["steps"][-1], result
        assert smelt.value("SELECT count(*) FROM bronze_raw_events") == damaged * size + len(other)
        smelt("ingest", "--skip-unreadable", "--timeout", "60s")
        # in one row, or when a search ended early in several
        gap = smelt.rows("SELECT min(first_offset), max(next_offset), sum(next_offset - first_offset), min(reason), max(reason) FROM bronze_gaps")
        assert gap == [(damaged * size, (damaged + 1) * size, size, "unreadable", "unreadable")], gap
        outcome.injected += 1
        outcome.count(oracle.check(smelt, sent[: damaged * size] + sent[(damaged + 1) * size :] + other))
    return outcome
