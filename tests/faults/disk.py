"""Rows 4 to 9: what is below the file system fails. Power cuts, full disks, errors of single calls."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from faults import oracle
from faults.bench import Bench, Outcome
from faults.injection import Injection
from faults.kills import CHANGES, mixed, rows_of_snapshot
from faults.powercut import SECTOR, WHOLE, Disk, read_ops
from harness import FREE_PORT, SMALL_BATCHES, Api, Result, Sent, Smelt, Topic, assert_same, eventually, history, refined, serving

# ---- row 4 ----

CYCLE: tuple[tuple[str, ...], ...] = (("ingest", *SMALL_BATCHES), ("refine",), ("train",), ("score",), ("publish",))
SURVIVALS = (0.0, 0.0, 0.5, 0.9, 1.0)  # of a sector that was not synced


def calls_of(injection: Injection, of: str = CHANGES) -> int:
    return sum(count for (call, _), count in injection.calls().items() if call in of.split(","))


def cut_once(bench: Bench, smelt: Smelt, command: Sequence[str], calls: int, sector: int) -> Result:
    """The power goes at one of the command's calls, or just after its end, when all that it said must be true."""
    disk = Disk(smelt.data)
    rules = f"on={CHANGES} nth={bench.chance.randint(1, calls)} do=kill" if bench.chance.random() < 0.6 else ""
    injection = bench.inject(smelt, rules).with_ops()
    result = smelt.run(*command, **injection.env)
    assert result.code in (0, -signal.SIGKILL), result
    disk.replay(read_ops(injection.ops))
    disk.cut(bench.chance, bench.chance.choice(SURVIVALS), sector)
    return result


def stored(smelt: Smelt) -> int:
    """How far the lake has read, as it says itself."""
    return smelt.value("SELECT coalesce(sum(next_offset), 0) FROM ledger_partitions") or 0


def is_refused(smelt: Smelt) -> bool:
    """Whether the database is damaged, and smelt says so."""
    result = smelt.run("audit")
    assert result.code == 0 or (result.code == 74 and "Corrupt database file" in result.error and "smelt recover" in result.error), result
    return result.code != 0


def bring_back(smelt: Smelt) -> None:
    """From what Kafka has."""
    done = smelt("recover", "--yes")
    assert done["done"] and done["lost"] == [], done
    for command in CYCLE:
        smelt(*command)


@dataclass
class PowerCuts:
    bench: Bench
    smelt: Smelt
    topic: Topic
    extra: list[Sent] = field(default_factory=list)
    hit: Counter[str] = field(default_factory=Counter)
    refused: int = 0

    def usual_calls(self) -> dict[str, int]:
        """Of each command of the cycle, when it is left alone."""
        calls: dict[str, int] = {}
        for command in CYCLE:
            profile = self.bench.inject(self.smelt).with_trace()
            self.smelt(*command, **profile.env)
            calls[command[0]] = calls_of(profile)
        return calls

    def one(self, command: Sequence[str], calls: int, sector: int) -> None:
        smelt = self.smelt
        if command[0] == "ingest":
            self.extra += self.topic.send(mixed(self.bench.chance, 10_000 + len(self.extra), 300))
        before = rows_of_snapshot(smelt.data)
        result = cut_once(self.bench, smelt, command, calls, sector)
        self.hit[f"{command[0]}{', ended' if result.code == 0 else ''}"] += 1
        snapshot = rows_of_snapshot(smelt.data)
        if is_refused(smelt):
            assert sector != WHOLE, "a disk that does not tear writes leaves a database that opens"
            self.refused += 1
            bring_back(smelt)
            return
        assert stored(smelt) >= self.topic.committed(self.topic.name), "the broker was told of offsets that the lake has lost"
        if result.code != 0:
            smelt(*command)  # what ended is not done again: its result must be there
        elif command[0] == "publish":
            assert oracle.snapshot_of(smelt.data).name == Path(result.summary["path"]).name, "the generation that was published is gone"
        assert snapshot in (before, rows_of_snapshot(smelt.data)), "after the cut readers see neither the old nor the new snapshot"


def power_cuts(bench: Bench, most: int) -> Outcome:
    """Half of the disks tear writes. DuckDB rewrites blocks with its metadata in place: torn, such a block is refused when the lake is opened,
    and `smelt recover` reads Kafka again."""
    topic, outcome = bench.topic(), Outcome()
    cuts = PowerCuts(bench, bench.smelt(topic), topic)
    history(cuts.smelt, 2000)
    calls = cuts.usual_calls()
    while outcome.injected < most:
        command, sector = CYCLE[outcome.injected % len(CYCLE)], bench.chance.choice((SECTOR, WHOLE))
        cuts.one(command, calls[command[0]], sector)
        outcome.injected += 1
    for command in CYCLE:
        cuts.smelt(*command)
    count_places(cuts, outcome)
    cuts.smelt.audit()
    oracle.assert_gold_follows(cuts.smelt)
    outcome.note(f"cut in {dict(cuts.hit)}; {cuts.refused} torn databases were refused and recovered")
    return outcome


def count_places(cuts: PowerCuts, outcome: Outcome) -> None:
    """Of the synthetic operator's messages we know the number, of the others each offset."""
    known = {(message.partition, message.offset) for message in cuts.extra}
    places = Counter(cuts.smelt.rows(f"SELECT kafka_partition, kafka_offset FROM ({oracle.PLACES})"))
    outcome.lost += max(len(known - places.keys()), 2000 + len(cuts.extra) - len(places))
    outcome.duplicated += sum(count - 1 for count in places.values())


# ---- row 8 ----

FULL: tuple[tuple[tuple[str, ...], str], ...] = (  # what runs when there is no room for which files
    (("ingest", *SMALL_BATCHES), "lake.duckdb.wal"),
    (("ingest",), "lake.duckdb"),
    (("publish",), "gen-*"),
    (("refine",), "lake.duckdb.wal"),
    (("refine", "--full"), "lake.duckdb"),
    (("publish",), "lake.duckdb*"),
)


def fill_up(bench: Bench, smelt: Smelt, files: str, room: int) -> tuple[Injection, Path]:
    """A disk that has so much room for these files until the marker is removed."""
    marker = smelt.folder / "full"
    marker.touch()
    return bench.inject(smelt, f"on=write file={files} room={room} times=0 do=enospc while={marker}"), marker


def full_for(bench: Bench, base: Smelt, command: Sequence[str], files: str) -> tuple[int, Smelt]:
    """A command meets a full disk, says so, and is done when it is run again and there is room."""
    smelt = oracle.copy_of(base, "full")
    injection, marker = fill_up(bench, smelt, files, bench.chance.choice((0, 1000, 30_000)))
    result = smelt.run(*command, **injection.env)
    marker.unlink()
    fired = len(injection.fired()) > 0
    assert result.code == 0 or (fired and result.code == 74 and result.summary["error"]["kind"] == "disk_full"), f"{command} {files}: {result}"
    smelt(*command)
    return fired, smelt


def full_for_up(bench: Bench, topic: Topic, sent: list[Sent]) -> int:
    """Everything in one process, which is not ready while there is no room, and goes on by itself."""
    group = f"{topic.name}-up"
    smelt = bench.smelt(topic, "up", bench.sanitized, kafka_group_id=group)
    injection, marker = fill_up(bench, smelt, "lake.duckdb*", bench.chance.choice((3_000_000, 4_000_000)))
    running = smelt.start("up", *FREE_PORT, "--set", "disk.reserve=64KiB", **injection.env)
    api = serving(running)
    eventually("it is ready", lambda: api.ask("/readyz")[0] == 200, 30)
    while is_ready(api):
        assert len(sent) < 60_000, "it never met a full disk"
        sent += topic.send(mixed(bench.chance, 20_000 + len(sent), 1500))
        eventually("it goes on or finds no room", lambda: topic.committed(group) == len(sent) or not is_ready(api), 30)
    assert api.ask("/livez")[0] == 200 and running.is_running()
    marker.unlink()
    eventually("all of it landed", lambda: topic.committed(group) == len(sent), 60)
    eventually("it is ready again", lambda: is_ready(api), 30)
    assert running.end(seconds=15).code == 0
    return 1 + len(injection.fired())  # not ready is how the process itself met it


def is_ready(api: Api) -> bool:
    return api.ask("/readyz")[0] == 200


def full_disks(bench: Bench, most: int) -> Outcome:
    outcome, topic, where = Outcome(), bench.topic(), Counter[str]()
    base = bench.smelt(topic, "base", disk_reserve="0")  # or nothing would be written that could fail
    sent = topic.send(mixed(bench.chance, 0, 800))
    base("ingest")
    base("refine")
    sent += topic.send(mixed(bench.chance, 5000, 800))
    while outcome.injected < most - 1:
        command, files = FULL[outcome.injected % len(FULL)]
        fired, smelt = full_for(bench, base, command, files)
        outcome.injected += fired
        where[f"{command[0]} {files}"] += fired
        smelt("ingest")
        outcome.count(oracle.balance(smelt, sent))
    outcome.injected += full_for_up(bench, topic, sent) > 0
    outcome.count(oracle.check(bench.smelts[-1], sent))
    outcome.note(f"{dict(where)}, up")
    return outcome


# ---- row 9 ----

BROKEN_CALLS = {"open": ("eio",), "write": ("eio", "short"), "sync": ("eio",), "rename": ("eio",), "truncate": ("eio",), "unlink": ("eio",), "read": ("eio", "short")}
STEPS: dict[str, tuple[str, ...]] = {"ingest": ("ingest", *SMALL_BATCHES), "refine": ("refine",), "train": ("train",), "score": ("score",), "publish": ("publish",)}
DONE_OR_IO = (0, 74)


class Ground(NamedTuple):
    """A lake in the state before a step, how often the step makes each call, and what it comes to when it is left alone."""

    before: Smelt
    calls: dict[str, int]
    after: Smelt


def new_ground(bench: Bench, base: Smelt, command: Sequence[str]) -> Ground:
    before, after = oracle.copy_of(base, f"before-{command[0]}"), oracle.copy_of(base, f"after-{command[0]}")
    profile = bench.inject(after).with_trace()
    after(*command, **profile.env)
    calls = Counter[str]()
    for (call, _), count in profile.calls().items():
        calls[call] += count
    return Ground(before, calls, after)


def grounds(bench: Bench) -> tuple[dict[str, Ground], list[Sent]]:
    """One after the other: each begins where the one before ended."""
    topic = bench.topic()
    base = bench.smelt(topic, "ground")
    history(base, 1500)
    base("ingest")
    sent = topic.send(mixed(bench.chance, 10_000, 300))
    made: dict[str, Ground] = {}
    for step, command in STEPS.items():
        made[step] = new_ground(bench, made[last(made)].after if made else base, command)
    return made, sent


def last(made: dict[str, Ground]) -> str:
    return list(made)[-1]


class Breakage(NamedTuple):
    step: str
    call: str
    act: str
    nth: int


def all_breakages(made: dict[str, Ground]) -> list[Breakage]:
    return [
        Breakage(step, call, act, nth)
        for step, ground in made.items()
        for call, acts in BROKEN_CALLS.items()
        for act in acts
        for nth in range(1, ground.calls[call] + 1)
    ]


def break_once(bench: Bench, ground: Ground, case: Breakage) -> tuple[int, Smelt]:
    """Returns how often it fired, and the lake after the step was run again without a fault."""
    smelt = oracle.copy_of(ground.before, "broken")
    smelt.binary = bench.sanitized
    injection = bench.inject(smelt, f"on={case.call} nth={case.nth} do={case.act}")
    result = smelt.run(*STEPS[case.step], **injection.env)
    assert result.code in DONE_OR_IO, f"{case}: exit {result.code}: {result.stdout} {result.stderr}"
    assert result.code == 0 or result.error, f"{case}: it ended without a word"
    if result.code != 0:
        smelt(*STEPS[case.step])  # a step that says that it is done is not done again: its result must be there
    if case.step == "train":
        smelt("score")  # with what was trained
    return len(injection.fired()), smelt


def broken_calls(bench: Bench, most: int) -> Outcome:
    """Each call once: the step ends in order, or copes; run again, everything is as if nothing had been."""
    outcome, codes = Outcome(), Counter[str]()
    made, sent = grounds(bench)
    known = {(message.partition, message.offset) for message in sent}
    for case in bench.pick(all_breakages(made), most, outcome):
        ground = made[case.step]
        fired, smelt = break_once(bench, ground, case)
        outcome.injected += fired
        codes[f"{case.step} {case.call} {case.act}"] += fired
        places = smelt.rows(f"SELECT kafka_partition, kafka_offset FROM ({oracle.PLACES})")
        outcome.lost += len(known - set(places)) + len(ground.after.rows(f"SELECT 1 FROM ({oracle.PLACES})")) - len(set(places))
        outcome.duplicated += len(places) - len(set(places))
        if case.step != "ingest":
            assert_same(refined(smelt), refined(ground.after))
        assert rows_of_snapshot(smelt.data) == rows_of_snapshot(ground.after.data), f"{case}: another snapshot"
    outcome.note(", ".join(f"{what} {count}" for what, count in codes.items()))
    return outcome


# What goes into the write-ahead log goes in during a COMMIT.
COMMITTING: dict[str, tuple[str, ...]] = {"ingest": ("ingest", *SMALL_BATCHES), "run": ("run", *SMALL_BATCHES)}
COMMIT_FAULTS = (("sync", "eio"), ("write", "eio"), ("write", "enospc"), ("write", "short"))
LOG_FILE = "lake.duckdb.wal"


class BrokenCommit(NamedTuple):
    kind: tuple[str, str, str]  # step, call, act
    nth: int


def all_broken_commits(bench: Bench, base: Smelt) -> list[BrokenCommit]:
    """Each call of a command; of `up`, which does not always make the same ones, the first few."""
    cases = [BrokenCommit(("up", call, act), nth) for call, act in (("sync", "eio"), ("write", "eio")) for nth in range(1, 11)]
    for step, command in COMMITTING.items():
        smelt = oracle.copy_of(base, f"counted-{step}")
        profile = bench.inject(smelt).with_trace()
        smelt(*command, **profile.env)
        for call, act in COMMIT_FAULTS:
            cases += [BrokenCommit((step, call, act), nth) for nth in range(1, profile.calls()[call, LOG_FILE] + 1)]
    return cases


def run_up(smelt: Smelt, injection: Injection, offsets: int) -> Result:
    """Until it ends by itself, or has read on."""
    topic, group = smelt.topic, f"{smelt.topic.name}-{injection.notes.name}"
    running = smelt.start("up", *FREE_PORT, *SMALL_BATCHES, SMELT_KAFKA_GROUP_ID=group, **injection.env)
    eventually("it meets the fault", lambda: injection.fired() or not running.is_running(), 60)
    eventually("it ends or reads on", lambda: topic.committed(group) == offsets or not running.is_running(), 60)
    return running.end(seconds=15)


def break_commit(bench: Bench, base: Smelt, case: BrokenCommit, offsets: int) -> tuple[int, Smelt]:
    step, call, act = case.kind
    smelt = oracle.copy_of(base, "broken")
    smelt.binary = bench.sanitized
    injection = bench.inject(smelt, f"on={call} file={LOG_FILE} nth={case.nth} do={act}")
    result = run_up(smelt, injection, offsets) if step == "up" else smelt.run(*COMMITTING[step], **injection.env)
    assert result.code in DONE_OR_IO, f"{case}: exit {result.code}: {result.stdout} {result.stderr}"
    assert result.code == 0 or act == "enospc" or "Next: " in result.error, f"{case}: no next step: {result.stdout} {result.stderr}"
    smelt.audit()
    return len(injection.fired()), smelt


def broken_commits(bench: Bench, most: int) -> Outcome:
    """A lake that has positions already, and a log that cannot be written when they are to change: the lake is whole as it is left, and goes on."""
    outcome, topic, codes = Outcome(), bench.topic(), Counter[str]()
    base = bench.smelt(topic, "ground")
    sent = topic.send(mixed(bench.chance, 0, 600))
    base("run", *SMALL_BATCHES)
    sent += topic.send(mixed(bench.chance, 5000, 600))
    later: list[Sent] = []
    cases = bench.pick(all_broken_commits(bench, base), most, outcome)
    for case in cases:
        fired, smelt = break_commit(bench, base, case, len(sent + later))
        outcome.injected += fired
        codes[" ".join(case.kind)] += fired
        smelt("ingest")
        later += topic.send(mixed(bench.chance, 10_000 + len(later), 20))
        smelt("run")  # what was stored after the fault is what is read on from
        outcome.count(oracle.balance(smelt, sent + later))
        assert smelt.audit()["offsets"] == len(sent + later)
    outcome.note(", ".join(f"{what} {count}" for what, count in codes.items()))
    return outcome
