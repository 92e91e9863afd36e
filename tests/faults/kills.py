"""Rows 1 to 3, and 42: kill -9, at random times and at calls of the file system that are counted in a run before."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from collections import Counter
from pathlib import Path

import duckdb
from faults import oracle
from faults.bench import Bench, Outcome
from faults.injection import Injection
from harness import FREE_PORT, SMALL_BATCHES, Smelt, Topic, assert_same, encode, events, eventually, history, refined

CHANGES = "write,sync,truncate,rename,unlink"
LAKE = "lake.duckdb*"  # the database and its log
CHECKPOINT = "lake.duckdb"  # with small batches nothing else writes the database itself


def mixed(chance: random.Random, first: int, count: int) -> list[bytes | None]:
    """New events, some copies of them, and what is no event."""
    fresh = events(first, count)
    return [*fresh, *chance.sample(fresh, count // 20), b"", encode([1]), None]


# ---- row 1 ----


class Usual:
    """How an ingest that is left alone goes, just now on this machine: how long it takes to the first commit, how many calls it makes."""

    def __init__(self, bench: Bench, smelt: Smelt, topic: Topic) -> None:
        injection = bench.inject(smelt).with_trace()
        began = time.monotonic()
        running = smelt.start("ingest", "--follow", *SMALL_BATCHES, **injection.env)
        eventually("something committed", lambda: topic.committed(topic.name) > 0)
        self.seconds = time.monotonic() - began
        running.kill()
        self.calls = sum(count for (call, name), count in injection.calls().items() if call in CHANGES.split(",") and name.startswith("lake.duckdb"))

    def adapt(self, came_far: bool) -> None:
        """The machine is busier or quieter than when it was timed: some kills shall come before the first commit, and some after."""
        self.seconds *= 0.97 if came_far else 1.05


def kill_once(bench: Bench, smelt: Smelt, topic: Topic, usual: Usual) -> int:
    """By the clock, or by a count of calls; 1 when it hit."""
    if bench.chance.random() < 0.5:
        before = topic.committed(topic.name)
        running = smelt.start("ingest", "--follow", *SMALL_BATCHES)
        time.sleep(bench.chance.uniform(0.2, 1.1) * usual.seconds)
        hit = running.kill()
        usual.adapt(came_far=topic.committed(topic.name) > before)
        return hit
    nth = int(usual.calls ** bench.chance.random())  # of all sizes: opening has a few calls, a batch has ten
    injection = bench.inject(smelt, f"on={CHANGES} file={LAKE} nth={nth} do=kill")
    running = smelt.start("ingest", "--follow", *SMALL_BATCHES, **injection.env)
    try:
        eventually("the killing call", lambda: not running.is_running(), usual.seconds + 0.3)
    except AssertionError:
        return running.kill()  # there was less to do than usual
    return len(injection.fired())


def killed_in_ingest(bench: Bench, most: int) -> Outcome:
    topic, outcome = bench.topic(), Outcome()
    smelt = bench.smelt(topic)
    sent = topic.send(mixed(bench.chance, 0, 2000))
    usual = Usual(bench, smelt, topic)
    outcome.injected, progress = 1, [topic.committed(topic.name)]
    while outcome.injected < most:
        if progress[-1] > len(sent) - 1000:
            sent += topic.send(mixed(bench.chance, len(sent), 1500))
        outcome.injected += kill_once(bench, smelt, topic, usual)
        progress.append(topic.committed(topic.name))
    assert len(set(progress)) * 5 > most, f"the kills did not hit the work: {progress}"
    smelt("ingest")
    outcome.count(oracle.check(smelt, sent))
    outcome.note(f"{len(sent)} messages, {len(set(progress))} different places of progress")
    return outcome


# ---- row 2 ----


def killed_in_checkpoint(bench: Bench, most: int) -> Outcome:
    """A run that ends checkpoints: the killing call is counted among those that write the database file, not its log."""
    topic, outcome = bench.topic(), Outcome()
    smelt = bench.smelt(topic)
    sent = topic.send(mixed(bench.chance, 0, 400))
    usual = bench.inject(smelt).with_trace()
    smelt("ingest", *SMALL_BATCHES, **usual.env)
    calls = sum(count for (call, name), count in usual.calls().items() if name == CHECKPOINT and call in CHANGES.split(","))
    kinds: Counter[str] = Counter()
    while outcome.injected < most:
        sent += topic.send(mixed(bench.chance, len(sent), 200))
        injection = bench.inject(smelt, f"on={CHANGES} file={CHECKPOINT} nth={bench.chance.randint(1, calls)} do=kill")
        result = smelt.run("ingest", *SMALL_BATCHES, **injection.env)
        assert result.code in (0, -signal.SIGKILL), result
        outcome.injected += len(injection.fired())
        kinds.update(line.split()[2] for line in injection.fired())
    smelt("ingest")
    outcome.count(oracle.check(smelt, sent))
    outcome.note(f"of {calls} calls of a checkpoint, killed at: {dict(kinds)}")
    return outcome


# ---- row 3 ----

STEPS: dict[str, tuple[str, ...]] = {  # what comes before each
    "refine": ("ingest",),
    "train": ("ingest", "refine"),
    "score": ("ingest", "refine", "train"),
    "publish": ("ingest", "refine", "train", "score", "publish"),
}


def prepared(bench: Bench, step: str, count: int) -> Smelt:
    """A lake that is ready for the step."""
    smelt = bench.smelt(bench.topic(), f"before-{step}")
    history(smelt, count)
    for command in STEPS[step]:
        smelt(command)
    return smelt


class Profile:
    """A run of the step that is left alone: its result, its time, and its calls."""

    def __init__(self, bench: Bench, base: Smelt, step: str) -> None:
        smelt = oracle.copy_of(base, f"usual-{step}")
        injection = bench.inject(smelt).with_trace()
        began = time.monotonic()
        smelt(step, **injection.env)
        self.seconds = time.monotonic() - began
        self.calls = sum(count for (call, _), count in injection.calls().items() if call in CHANGES.split(","))
        self.smelt = smelt


def injured(bench: Bench, smelt: Smelt, step: str, profile: Profile) -> Injection:
    injection = bench.inject(smelt, f"on={CHANGES} nth={bench.chance.randint(1, profile.calls)} do=kill")
    result = smelt.run(step, **injection.env)
    assert result.code in (0, -signal.SIGKILL), result
    return injection


def struck(bench: Bench, smelt: Smelt, step: str, profile: Profile) -> bool:
    running = smelt.start(step)
    time.sleep(bench.chance.uniform(0.1, 1.0) * profile.seconds)
    return running.kill()


def rows_of_snapshot(data: Path) -> list[str]:
    if not (data / "snapshots/CURRENT").exists():
        return []
    with duckdb.connect(str(oracle.snapshot_of(data)), read_only=True) as conn:
        return [row[0] for row in conn.execute("SELECT to_json(t)::VARCHAR FROM gold_subscriber_features AS t ORDER BY 1").fetchall()]


def assert_readers_see_a_whole(smelt: Smelt, wholes: list[list[str]]) -> None:
    found = rows_of_snapshot(smelt.data)
    assert found in wholes, f"the snapshot has {len(found)} rows that are neither the old nor the new ones"


def killed_in(step: str, count: int, bench: Bench, most: int) -> Outcome:
    outcome = Outcome()
    base = prepared(bench, step, count)
    profile = Profile(bench, base, step)
    wholes = [rows_of_snapshot(base.data), rows_of_snapshot(profile.smelt.data)]
    before, reference = base.value("SELECT count(*) FROM bronze_raw_events"), refined(profile.smelt)
    while outcome.injected < most:
        smelt = oracle.copy_of(base, f"killed-{step}")
        if bench.chance.random() < 0.5:
            outcome.injected += struck(bench, smelt, step, profile)
        else:
            outcome.injected += len(injured(bench, smelt, step, profile).fired())
        assert_readers_see_a_whole(smelt, wholes)
        outcome.lost += before - smelt.value("SELECT count(*) FROM bronze_raw_events")
        smelt(step)  # after a kill it is just run again
        assert_same(refined(smelt), reference)
        assert_readers_see_a_whole(smelt, wholes)
        if step == "train":
            smelt("score")  # with the newest model of the registry
    smelt.audit()
    oracle.assert_gold_follows(smelt)
    outcome.note(f"{before} events, {profile.calls} calls, {profile.seconds:.2f} s a run")
    for smelt in (base, profile.smelt):
        shutil.rmtree(smelt.folder)
    return outcome


def killed_in_refine(bench: Bench, most: int) -> Outcome:
    return killed_in("refine", 4000, bench, most)


def killed_in_train(bench: Bench, most: int) -> Outcome:
    return killed_in("train", 3000, bench, most)


def killed_in_score(bench: Bench, most: int) -> Outcome:
    return killed_in("score", 3000, bench, most)


def killed_in_publish(bench: Bench, most: int) -> Outcome:
    return killed_in("publish", 2000, bench, most)


def kill_in_run(bench: Bench, smelt: Smelt) -> int:
    """At a call of any of its files: the lake, its marks, the snapshot, which is prepared while it scores."""
    nth = int(250 ** bench.chance.random())
    injection = bench.inject(smelt, f"on={CHANGES} nth={nth} do=kill")
    result = smelt.run("run", **injection.env)
    assert result.code in (0, -signal.SIGKILL), result
    return len(injection.fired())


def killed_in_run(bench: Bench, most: int) -> Outcome:
    """Refreshes of few events, one after the other, each killed somewhere."""
    topic, outcome = bench.topic(), Outcome()
    smelt = bench.smelt(topic)
    left = operator(smelt, 2000 + 100 * 3 * most)
    sent = topic.send([left.pop(0) for _ in range(2000)])
    smelt("run", "--train")
    while outcome.injected < most:
        more = [left.pop(0) for _ in range(min(100, len(left)))]
        sent += topic.send([*more, *more[:10], *mixed(bench.chance, 100_000 + len(sent), 50)])
        outcome.injected += kill_in_run(bench, smelt)
        assert_readers_and_backup_are_whole(smelt)
    smelt("run")
    outcome.count(oracle.check(smelt, sent))
    incremental = rows_of_snapshot(smelt.data)
    smelt("publish", "--full")
    assert rows_of_snapshot(smelt.data) == incremental, "the snapshot is not what a full one has"
    outcome.note(f"{len(sent)} messages")
    return outcome


# ---- row 42 ----

BUSY = ("up", *FREE_PORT, *SMALL_BATCHES, "--set", "up.publish_interval=50ms", "--set", "up.checkpoint_log=64KiB")  # every path has work all the time
FILES = ("lake.duckdb", LAKE, "gen-*", "segment-*", "*")
DIGITS = str.maketrans("", "", "0123456789")


def busy(smelt: Smelt) -> tuple[str, ...]:
    return (*BUSY, "--set", f"backup.dir={smelt.folder}/backup", "--set", "backup.interval=0s")


def kill_in_up(bench: Bench, smelt: Smelt, topic: Topic, total: int) -> list[str]:
    """At a call of one of its paths, or once everything landed: where it hit."""
    nth = int(400 ** bench.chance.random())
    injection = bench.inject(smelt, f"on={CHANGES} file={bench.chance.choice(FILES)} nth={nth} do=kill")
    running = smelt.start(*busy(smelt), **injection.env)
    eventually("its end, or all landed", lambda: not running.is_running() or topic.committed(topic.name) >= total)
    return ["at the end"] if running.kill() else [line.split()[-1].rsplit("/", 1)[-1].translate(DIGITS) for line in injection.fired()]


def assert_readers_and_backup_are_whole(smelt: Smelt) -> None:
    """The snapshot has each entity once with a row of Gold as it was; a restored backup has all offsets that it says."""
    found = rows_of_snapshot(smelt.data)
    assert len({json.loads(row)["subscriber_id"] for row in found}) == len(found), "an entity twice"
    if (smelt.folder / "backup/MANIFEST.json").exists():
        restored = smelt.folder / "restored"
        shutil.rmtree(restored, ignore_errors=True)
        smelt("restore", smelt.folder / "backup", SMELT_DATA_DIR=str(restored))  # it audits


def published(smelt: Smelt) -> list[str]:
    smelt("score")
    smelt("publish")
    return rows_of_snapshot(smelt.data)


def operator(smelt: Smelt, count: int) -> list[bytes]:
    """Events of many subscribers, some of whom will leave, in the order of time."""
    file = smelt.folder / "operator.jsonl"
    smelt("produce", "--seed", "5", "--start", "2026-10-01", "--days", "40", "--subscribers", "150", "--events", str(count), "--out", file)
    return file.read_bytes().splitlines()


def killed_in_up(bench: Bench, most: int) -> Outcome:
    topic, outcome, places = bench.topic(), Outcome(), Counter[str]()
    smelt = bench.smelt(topic)
    left = operator(smelt, 3000 + 200 * most)
    sent = topic.send([left.pop(0) for _ in range(3000)])
    for step in ("ingest", "refine", "train", "score", "publish"):
        smelt(step)
    while outcome.injected < most:
        more = [left.pop(0) for _ in range(min(200, len(left)))]
        sent += topic.send([*more, *more[:10], *mixed(bench.chance, 100_000 + len(sent), 100)])
        hits = kill_in_up(bench, smelt, topic, len(sent))
        outcome.injected += len(hits)
        places.update(hits)
        assert_readers_and_backup_are_whole(smelt)
    smelt("ingest")
    outcome.count(oracle.check(smelt, sent))
    incremental = published(smelt)
    smelt("publish", "--full")
    assert rows_of_snapshot(smelt.data) == incremental, "the snapshot is not what a full one has"
    outcome.note(f"{len(sent)} messages, killed at {dict(places)}")
    return outcome
