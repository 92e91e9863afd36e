"""Rows 5 to 7 and 22: the lake's own files are not what they were. Damage is found, never passed over, and `smelt recover` is the way back."""

from __future__ import annotations

import gzip
import os
import random
import re
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
from faults import oracle
from faults.bench import Bench, Outcome
from faults.kills import CHANGES, mixed
from harness import ROOT, SMALL_BATCHES, Result, Sent, Smelt, Topic

Damage = Callable[[Smelt, random.Random], None]
REFUSED = (65, 74)


def filled(bench: Bench) -> tuple[Smelt, list[Sent]]:
    """Some commits in the file, and some in the write-ahead log alone."""
    topic = bench.topic()
    smelt = bench.smelt(topic, "whole")
    sent = topic.send(mixed(bench.chance, 50_000, 600))
    smelt("ingest", *SMALL_BATCHES)
    return smelt, sent + smelt.commit_and_kill(topic)


# ---- damages ----


def flip(file: Path, chance: random.Random) -> None:
    data = bytearray(file.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    file.write_bytes(data)


def zero(file: Path, chance: random.Random) -> None:
    data = bytearray(file.read_bytes())
    at = chance.randrange(len(data))
    length = min(chance.choice((16, 512, 4096, 262_144)), len(data) - at)
    data[at : at + length] = bytes(length)
    file.write_bytes(data)


def garbage_tail(file: Path, chance: random.Random) -> None:
    with file.open("ab") as end:
        end.write(chance.randbytes(chance.choice((1, 100, 5000))))


def overwritten_tail(file: Path, chance: random.Random) -> None:
    data = file.read_bytes()
    kept = chance.randrange(len(data))
    file.write_bytes(data[:kept] + chance.randbytes(len(data) - kept))


WAYS = (flip, zero, garbage_tail, overwritten_tail)


def cut_log(smelt: Smelt, chance: random.Random) -> None:
    os.truncate(smelt.log, chance.randrange(smelt.log.stat().st_size))


def damage_a_file(smelt: Smelt, chance: random.Random) -> str:
    file, way = chance.choice((smelt.log, smelt.lake)), chance.choice(WAYS)
    way(file, chance)
    return f"{way.__name__} in {file.suffix[1:]}"


# ---- rows 5 and 6 ----


def is_found(smelt: Smelt, sent: list[Sent]) -> bool:
    """By the next command that opens the lake, or reads all of it. What is not found must have done no harm."""
    result = smelt.run("audit")
    if result.code == 0:
        assert result.summary["offsets"] == len(sent), f"opened as an older state, without a word: {result}"
        result = smelt.run("recover")  # without --yes it only looks
        assert result.code == 0 and not result.summary["done"], result
        return bool(result.summary["needed"])
    assert result.code in REFUSED and "smelt recover" in result.error, result
    return True


def recover(smelt: Smelt, found: bool) -> None:
    if found:
        done = smelt("recover", "--yes")
        assert done["done"] and done["lost"] == [], done


def damaged(bench: Bench, most: int, damage: Callable[[Smelt, random.Random], object]) -> Outcome:
    outcome, kinds = Outcome(), Counter[str]()
    base, sent = filled(bench)
    while outcome.injected < most:
        smelt = oracle.copy_of(base, "damaged")
        smelt.binary = bench.sanitized if outcome.injected == 0 else bench.binary
        what = str(damage(smelt, bench.chance) or "cut")
        outcome.injected += 1
        found = is_found(smelt, sent)
        recover(smelt, found)
        kinds[f"{what}: {'found' if found else 'harmless'}"] += 1
        outcome.count(oracle.balance(smelt, sent))
    smelt.audit()
    oracle.assert_gold_follows(smelt)
    outcome.note(", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
    return outcome


def cut_logs(bench: Bench, most: int) -> Outcome:
    return damaged(bench, most, cut_log)


def damaged_files(bench: Bench, most: int) -> Outcome:
    return damaged(bench, most, damage_a_file)


# ---- row 7 ----


def next_offsets(smelt: Smelt) -> dict[int, int]:
    """Of the lake as it would open, by a copy."""
    copy = oracle.copy_of(smelt, "opened")
    with duckdb.connect(str(copy.lake)) as conn:
        return dict(conn.execute("SELECT kafka_partition, next_offset FROM ledger_partitions").fetchall())


def forget(bench: Bench, topic: Topic, sent: list[Sent], at: dict[int, int]) -> dict[int, tuple[int, int]]:
    """Kafka removes some of what the lake lost; returns the ranges that nobody has any more."""
    ends = Counter(message.partition for message in sent)
    gone: dict[int, tuple[int, int]] = {}
    for partition, following in at.items():
        upto = bench.chance.randint(following, ends[partition])
        topic.delete_records(partition, upto)
        if upto > following:
            gone[partition] = (following, upto)
    return gone


def lost_for_good(bench: Bench, most: int) -> Outcome:
    """The missing offsets are named, all of them and no others; nothing goes on until that is accepted."""
    outcome = Outcome()
    while outcome.injected < most:
        smelt, sent = filled(bench)
        assert smelt.topic is not None
        cut_log(smelt, bench.chance)
        gone = forget(bench, smelt.topic, sent, next_offsets(smelt))
        if not gone:
            continue
        refused = smelt.run("recover", "--yes")
        assert refused.code == 65 and {lost["partition"]: (lost["from"], lost["to"]) for lost in refused.summary["lost"]} == gone, (refused, gone)
        assert smelt.run("ingest").code == 65, "it goes on as if nothing had been"
        smelt("recover", "--yes", "--accept-loss")
        left = [message for message in sent if message.partition not in gone or not gone[message.partition][0] <= message.offset < gone[message.partition][1]]
        outcome.count(oracle.check(smelt, left))
        outcome.injected += 1
        outcome.note(f"{sum(upto - first for first, upto in gone.values())} offsets lost and named")
        shutil.rmtree(smelt.folder)
    return outcome


# ---- row 22 ----

LAKES = {int(re.sub(r"\D", "", path.name)): path for path in (ROOT / "tests/fixtures/lakes").glob("v*.duckdb.gz")}
NEWEST = max(int(path.name[:4]) for path in (ROOT / "sql/migrations").glob("*.sql"))
VERSION = "SELECT max(version) FROM schema_version"
OFFSETS = 400  # in each of them


def older_lake(bench: Bench, version: int, name: str) -> Smelt:
    smelt = bench.smelt(None, name, kafka_bootstrap="127.0.0.1:1")
    shutil.rmtree(smelt.data, ignore_errors=True)
    smelt.data.mkdir()
    smelt.lake.write_bytes(gzip.decompress(LAKES[version].read_bytes()))
    return smelt


def usual_calls(bench: Bench, version: int) -> int:
    smelt = older_lake(bench, version, "usual")
    profile = bench.inject(smelt).with_trace()
    smelt("audit", **profile.env)
    return sum(count for (call, name), count in profile.calls().items() if call in CHANGES.split(",") and name.startswith("lake."))


def newer_lake_is_refused(smelt: Smelt) -> None:
    with duckdb.connect(str(smelt.lake)) as conn:
        columns = [row[0] for row in conn.execute("SELECT column_name FROM duckdb_columns() WHERE table_name = 'schema_version'").fetchall()]
        others = ", ".join(column for column in columns if column != "version")
        conn.execute(f"INSERT INTO schema_version (version, {others}) SELECT version + 1, {others} FROM schema_version WHERE version = {NEWEST}")
    before = smelt.lake.read_bytes()
    result: Result = smelt.run("audit")
    assert result.code == 78 and "newer" in result.error, result
    assert smelt.lake.read_bytes() == before, "a lake of a newer version was changed"


def killed_upgrades(bench: Bench, most: int) -> Outcome:
    """Killed at a call of the migration, a lake is of the old version or of the new one, whole."""
    outcome, seen = Outcome(), Counter[str]()
    calls = {version: usual_calls(bench, version) for version in LAKES}
    while outcome.injected < most:
        version = bench.chance.choice(sorted(LAKES))
        smelt = older_lake(bench, version, "older")
        injection = bench.inject(smelt, f"on={CHANGES} file=lake.* nth={bench.chance.randint(1, calls[version])} do=kill")
        result = smelt.run("audit", **injection.env)
        assert result.code in (0, -signal.SIGKILL), result
        outcome.injected += len(injection.fired())
        copy = oracle.copy_of(smelt, "looked-at")
        with duckdb.connect(str(copy.lake)) as conn:
            between = conn.execute(VERSION).fetchone()[0]
        assert version <= between <= NEWEST, between
        seen[f"v{version} left as v{between}"] += 1
        assert smelt.audit()["offsets"] == OFFSETS and smelt.value(VERSION) == NEWEST
    oracle.assert_gold_follows(smelt)
    newer_lake_is_refused(smelt)
    outcome.note(", ".join(f"{what} {count}" for what, count in sorted(seen.items())))
    return outcome
