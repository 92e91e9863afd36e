"""The long figures of the catalogue (`make faults`).

    python -m faults [--scale FACTOR] [--hours H] [--only TEXT] [--fresh]

Goes through the catalogue round by round, and writes each round that ended well to build/faults/rounds.jsonl: a second start goes on there,
as long as the binary is the same. Ends with a table; exit code 1 when anything was lost, duplicated, or failed. What a failed round left is
in build/faults/.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

from faults.bench import Bench, Outcome, Scenario
from faults.catalogue import SCENARIOS
from faults.report import Line, table
from harness import BROKER, ROOT, Broker

FOLDER = ROOT / "build/faults"
BINARY = ROOT / "build/release/smelt"


@dataclass(frozen=True)
class Round:
    scenario: str
    binary: str  # its SHA-256, shortened
    seed: int
    seconds: float
    injected: int
    lost: int
    duplicated: int
    exhausted: bool
    problem: str


class Rounds:
    """Those that ended well are kept in a file; those that did not are run again by the next start."""

    def __init__(self, path: Path, binary: str) -> None:
        self.path, self.binary = path, binary
        lines = path.read_text().splitlines() if path.exists() else []
        self.all = [found for found in (Round(**json.loads(line)) for line in lines) if found.binary == binary]

    def of(self, scenario: Scenario) -> list[Round]:
        return [found for found in self.all if found.scenario == scenario.name]

    def add(self, found: Round) -> None:
        self.all.append(found)
        if not found.problem:
            with self.path.open("a") as file:
                file.write(json.dumps(asdict(found)) + "\n")


def perform(scenario: Scenario, broker: Broker, rounds: Rounds, most: int, scale: float) -> Round:
    before = sum(found.injected for found in rounds.of(scenario))
    seed, began = random.randrange(2**32), time.monotonic()
    folder = FOLDER / f"{scenario.run.__name__}-{seed}"
    folder.mkdir(parents=True)
    bench = Bench(broker, BINARY, BINARY, folder, random.Random(seed), before, scale)
    outcome, problem = Outcome(), ""
    try:
        outcome = scenario.perform(bench, most)
        problem = "" if outcome.injected else "the fault never fired"
    except Exception as failure:  # a scenario may fail in any way; the others go on
        problem = f"{type(failure).__name__}: {failure}"
        traceback.print_exc()
    broker.start()
    found = Round(scenario.name, rounds.binary, seed, time.monotonic() - began, outcome.injected, outcome.lost, outcome.duplicated, outcome.exhausted, problem)
    if not problem and found.lost == found.duplicated == 0:
        bench.clean()
    print(f"faults: {scenario.row} {scenario.name}: {before + found.injected} injected, {problem or '; '.join(outcome.notes)} ({found.seconds:.0f} s, seed {seed})", file=sys.stderr)
    return found


def is_over(scenario: Scenario, rounds: Rounds, scale: float) -> bool:
    mine = rounds.of(scenario)
    return any(found.exhausted or found.problem for found in mine) or sum(found.injected for found in mine) >= max(1, int(scenario.long * scale))


def line_of(scenario: Scenario, rounds: Rounds, scale: float) -> Line:
    sums: defaultdict[str, float] = defaultdict(float)
    for found in rounds.of(scenario):
        for name in ("injected", "lost", "duplicated", "seconds"):
            sums[name] += getattr(found, name)
    problem = next((found.problem for found in rounds.of(scenario) if found.problem), "")
    return Line(scenario.row, scenario.name, int(sums["injected"]), int(sums["lost"]), int(sums["duplicated"]), sums["seconds"], problem, is_over(scenario, rounds, scale))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="so much of the catalogue's long figures")
    parser.add_argument("--hours", type=float, default=1e9, help="begin no round after this time")
    parser.add_argument("--only", default="", help="scenarios with this text in their name, or of this row")
    parser.add_argument("--fresh", action="store_true", help="forget the rounds of starts before")
    return parser.parse_args()


def take_folder() -> int:
    """Two at a time would take each other's broker away."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    lock = os.open(FOLDER / "lock", os.O_CREAT | os.O_RDWR, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("faults: another one is running in build/faults: wait for it, or stop it")
    return lock


def main() -> int:
    options = parse()
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell in the background ignores them for us
        signal.signal(number, signal.default_int_handler)
    lock = take_folder()
    state = FOLDER / "rounds.jsonl"
    if options.fresh:
        state.unlink(missing_ok=True)
    rounds = Rounds(state, hashlib.sha256(BINARY.read_bytes()).hexdigest()[:16])
    chosen = [scenario for scenario in SCENARIOS if options.only in scenario.name or options.only == str(scenario.row)]
    until = time.monotonic() + options.hours * 3600
    shutil.rmtree(FOLDER / "kafka", ignore_errors=True)
    broker = Broker(FOLDER / "kafka", *BROKER)
    try:
        going = True
        while going:  # all in turn: a run that is stopped early has done some of each
            going = False
            for scenario in chosen:
                if not is_over(scenario, rounds, options.scale) and time.monotonic() < until:
                    left = max(1, int(scenario.long * options.scale) - sum(found.injected for found in rounds.of(scenario)))
                    rounds.add(perform(scenario, broker, rounds, min(left, scenario.round), options.scale))
                    going = True
    except KeyboardInterrupt:
        print("faults: stopped; the next start goes on from here", file=sys.stderr)
    finally:
        broker.tool("down", "--delete")
    lines = [line_of(scenario, rounds, options.scale) for scenario in chosen]
    print("\n".join(table(lines)))
    os.close(lock)
    return 0 if all(line.is_green for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
