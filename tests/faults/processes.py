"""Rows 11 and 21: two processes at one lake; signals."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

from faults import oracle
from faults.bench import Bench, Outcome
from faults.kills import mixed
from harness import FREE_PORT, SMALL_BATCHES, Running, Smelt, Topic, events, eventually

# ---- row 11 ----

WRITERS = (("ingest",), ("refine",), ("refine", "--full"), ("train",), ("score",), ("publish",), ("run",), ("up", *FREE_PORT))


def second_processes(bench: Bench, most: int) -> Outcome:
    """While one follows the topic, others are refused at once and told who holds the lake; of several at one instant one wins."""
    topic, outcome = bench.topic(), Outcome()
    smelt = bench.smelt(topic, binary=bench.sanitized)
    sent = topic.send(mixed(bench.chance, 0, 300))
    first = smelt.start("ingest", "--follow", *SMALL_BATCHES)
    eventually("the lake is held", lambda: topic.committed(topic.name) > 0)
    while outcome.injected < most - 1:
        command = WRITERS[outcome.injected % len(WRITERS)]
        sent += topic.send(mixed(bench.chance, len(sent), 40))
        result = smelt.run(*command)
        assert result.code == 75, f"{command}: exit {result.code}: {result.stdout} {result.stderr}"
        assert f"pid {first.process.pid}" in result.error and "smelt ingest" in result.error, result.error
        found = smelt("audit")  # answered by the process that holds the lake
        assert found["ok"] and found["offsets"] > 0, found
        outcome.injected += 1
    assert first.end().code == 0
    sent += topic.send(mixed(bench.chance, len(sent), 40))
    race(smelt)
    outcome.injected += 1
    outcome.count(oracle.check(smelt, sent))
    return outcome


def race(smelt: Smelt) -> None:
    running = [smelt.start("ingest") for _ in range(4)]
    codes = sorted(one.wait().code for one in running)
    assert codes[0] == 0 and set(codes) <= {0, 75}, codes


# ---- row 21 ----

GRACE = 5


def state_of(running: Running) -> str:
    """T: stopped."""
    return Path(f"/proc/{running.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def terminated(bench: Bench, smelt: Smelt, topic: Topic) -> bool:
    """SIGTERM in the middle of a batch; false when it had ended before."""
    before = topic.committed(topic.name)
    running = smelt.start("ingest", *SMALL_BATCHES)
    eventually("something committed", lambda: topic.committed(topic.name) > before or not running.is_running())
    result = running.end(seconds=GRACE)
    assert (result.code, result.summary["stopped"]) in ((130, True), (0, False)), result
    return result.code == 130


def stopped(bench: Bench, smelt: Smelt, topic: Topic) -> bool:
    """SIGSTOP between a write of the log and its sync; another process tries; SIGCONT."""
    injection = bench.inject(smelt, f"on=sync file=lake.duckdb.wal nth={bench.chance.randint(2, 12)} do=stop")
    running = smelt.start("ingest", *SMALL_BATCHES, **injection.env)
    eventually("it has stopped", lambda: not running.is_running() or state_of(running) == "T")
    assert injection.fired(), "it never stopped"
    eventually("all of its threads stand still", lambda: state_of(running) == "T")
    result = smelt.run("ingest")
    assert result.code == 75 and f"pid {running.process.pid}" in result.error, result
    running.process.send_signal(signal.SIGCONT)
    assert running.wait().code == 0
    return True


def overtaken(bench: Bench, smelt: Smelt, topic: Topic) -> bool:
    """As `stopped`, but somebody took it for dead: its lock is removed, the files are replaced, a successor goes on. It must store nothing."""
    injection = bench.inject(smelt, f"on=sync file=lake.duckdb.wal nth={bench.chance.randint(2, 12)} do=stop")
    zombie = smelt.start("ingest", *SMALL_BATCHES, **injection.env)
    eventually("it has stopped", lambda: not zombie.is_running() or state_of(zombie) == "T")
    assert injection.fired(), "it never stopped"
    (smelt.data / "smelt.lock").unlink()
    for file in (smelt.lake, smelt.log):
        if file.exists():
            shutil.copy(file, smelt.data / "copy")
            (smelt.data / "copy").replace(file)
    smelt("ingest")
    names = ("lake.duckdb", "lake.mark", "smelt.lock")
    after = [(smelt.data / name).read_bytes() for name in names]
    zombie.process.send_signal(signal.SIGCONT)
    result = zombie.wait()
    assert result.code == 75, result
    assert [(smelt.data / name).read_bytes() for name in names] == after and not smelt.log.exists(), "a process that was overtaken wrote"
    return True


def signals(bench: Bench, most: int) -> Outcome:
    topic, outcome = bench.topic(), Outcome()
    smelt = bench.smelt(topic, binary=bench.sanitized)
    sent = topic.send(events(0, 100))
    smelt("ingest")
    for _ in range(3 * most):
        if outcome.injected == most:
            break
        sent += topic.send(mixed(bench.chance, len(sent), 3000))
        outcome.injected += (terminated, overtaken, stopped)[outcome.injected % 3](bench, smelt, topic)
    assert outcome.injected == most, "the signals did not hit the work"
    smelt("ingest")
    outcome.count(oracle.check(smelt, sent))
    return outcome
