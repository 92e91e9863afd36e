"""Row 10: memory is out at the nth allocation of our own C. The process says so and leaves at once (src/base/memory.h); the lake is whole."""

from __future__ import annotations

import filecmp
import functools
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from faults import oracle
from faults.bench import Bench, Outcome
from faults.disk import STEPS, grounds
from faults.kills import rows_of_snapshot
from harness import Smelt, assert_same, refined

ALLOCATORS = ("xmalloc", "xcalloc", "xrealloc", "xstrdup", "xstrndup", "xasprintf")
LIBRARIES = ("libjansson", "libyaml")  # they allocate for us alone
EXTRA_STEPS: dict[str, tuple[str, ...]] = {"sql": ("sql", "SELECT count(*) FROM gold_subscriber_features"), "config": ("config",), "audit": ("audit",)}
OUT_OF_MEMORY = 74


class Exhaustion(NamedTuple):
    step: str
    nth: int


@functools.cache
def callers(binary: Path) -> str:
    """Where our allocators are in the program."""
    lines = subprocess.run(["nm", "-S", binary], check=True, capture_output=True, text=True).stdout.splitlines()
    symbols = {words[3]: (int(words[0], 16), int(words[1], 16)) for words in map(str.split, lines) if len(words) == 4}
    return ",".join([*(f"{start:x}-{start + size:x}" for start, size in map(symbols.__getitem__, ALLOCATORS)), *LIBRARIES])


def command_of(step: str) -> Sequence[str]:
    return (STEPS | EXTRA_STEPS)[step]


def allocations(bench: Bench, base: Smelt, step: str) -> int:
    smelt = oracle.copy_of(base, f"counted-{step}")
    injection = bench.inject(smelt, FAULT_MALLOC=f"0 {callers(smelt.binary)}")
    smelt(*command_of(step), **injection.env)
    (line,) = [line for line in injection.log.read_text().splitlines() if line.startswith("allocations ")]
    return int(line.split()[1])


def exhaust_once(bench: Bench, base: Smelt, case: Exhaustion) -> tuple[int, Smelt]:
    smelt = oracle.copy_of(base, "exhausted")
    injection = bench.inject(smelt, FAULT_MALLOC=f"{case.nth} {callers(smelt.binary)}")
    done = subprocess.run(smelt.command(command_of(case.step)), env=smelt.env | injection.env, cwd=smelt.folder, capture_output=True, text=True, timeout=60)
    fired = len(injection.fired())
    if fired:
        assert done.returncode == OUT_OF_MEMORY and "out of memory" in done.stderr, f"{case}: exit {done.returncode}: {done.stderr}"
    else:
        assert done.returncode == 0, f"{case}: exit {done.returncode}: {done.stderr}"
    return fired, smelt


def same_bytes(one: Smelt, other: Smelt) -> bool:
    """But for the lock file, which says who held it last."""
    names = [{path.relative_to(smelt.data) for path in smelt.data.rglob("*") if path.is_file() and path.name != "smelt.lock"} for smelt in (one, other)]
    return names[0] == names[1] and all(filecmp.cmp(one.data / name, other.data / name, shallow=False) for name in names[0])


def exhausted_memory(bench: Bench, most: int) -> Outcome:
    outcome, steps = Outcome(), Counter[str]()
    made, sent = grounds(bench)
    bases = {step: ground.before for step, ground in made.items()} | {step: made["publish"].after for step in EXTRA_STEPS}
    afters = {step: ground.after for step, ground in made.items()} | {step: made["publish"].after for step in EXTRA_STEPS}
    counts = {step: allocations(bench, base, step) for step, base in bases.items()}
    cases = [Exhaustion(step, nth) for step, count in counts.items() for nth in range(1, count + 1)]
    known = {(message.partition, message.offset) for message in sent}
    for case in bench.pick(cases, most, outcome):
        fired, smelt = exhaust_once(bench, bases[case.step], case)
        outcome.injected += fired
        steps[case.step] += fired
        if same_bytes(smelt, bases[case.step]):
            continue  # as most end: it had not come as far as the lake
        smelt(*command_of(case.step))
        places = smelt.rows(f"SELECT kafka_partition, kafka_offset FROM ({oracle.PLACES})")
        outcome.lost += len(known - set(places))
        outcome.duplicated += len(places) - len(set(places))
        if case.step != "ingest":
            assert_same(refined(smelt), refined(afters[case.step]))
        assert rows_of_snapshot(smelt.data) == rows_of_snapshot(afters[case.step].data), f"{case}: another snapshot"
    outcome.note(f"of {counts} allocations, failed: {dict(steps)}")
    return outcome
