"""What a scenario gets, and what it gives back."""

from __future__ import annotations

import random
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from zlib import crc32

from faults.injection import Injection
from faults.oracle import Balance
from harness import Broker, Smelt, Topic

Case = TypeVar("Case", bound=tuple)


def one_of_each_kind_in_turn(cases: Sequence[Case]) -> list[Case]:
    turns: Counter[object] = Counter()
    ranked = [(turns.update([case[0]]) or turns[case[0]], number) for number, case in enumerate(cases)]
    return [cases[number] for _, number in sorted(ranked)]


@dataclass
class Outcome:
    """Of some injections. A fault that never fired proves nothing: `injected` 0 is a failure."""

    injected: int = 0
    lost: int = 0
    duplicated: int = 0
    notes: list[str] = field(default_factory=list)
    exhausted: bool = False  # of a scenario that goes through all there is: there is no more

    def count(self, found: Balance) -> None:
        self.lost += found.lost
        self.duplicated += found.duplicated

    def note(self, text: str) -> None:
        self.notes.append(text)


@dataclass
class Bench:
    """A broker, a binary, a folder for lakes, and chance that can be repeated by its seed."""

    broker: Broker
    binary: Path  # the optimized one: a killed process reports nothing, and some faults do not get past a sanitizer
    sanitized: Path  # for where it is our error paths that are tried
    folder: Path
    chance: random.Random
    before: int = 0  # injections of the rounds before, for a scenario that goes through all there is; -1: pick some
    scale: float = 0  # of the long run, for what takes its time; 0: the quick one
    smelts: list[Smelt] = field(default_factory=list)

    def topic(self, partitions: int = 2, **config: str) -> Topic:
        return self.broker.topic(f"f-{uuid.uuid4().hex[:12]}", partitions, **config)

    def smelt(self, topic: Topic | None = None, name: str = "lake", binary: Path | None = None, **settings: str) -> Smelt:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        self.smelts.append(Smelt(binary or self.binary, folder, topic, **settings))
        return self.smelts[-1]

    def pick(self, cases: Sequence[Case], most: int, outcome: Outcome) -> Sequence[Case]:
        """The next ones of all there are, or some at random; of each kind (a case's first member) as many."""
        if self.before < 0:
            return one_of_each_kind_in_turn(self.chance.sample(cases, len(cases)))[:most]
        outcome.exhausted = self.before + most >= len(cases)
        same_in_each_round = sorted(cases, key=lambda case: crc32(repr(case).encode()))
        return one_of_each_kind_in_turn(same_in_each_round)[self.before : self.before + most]

    def inject(self, smelt: Smelt, rules: str = "", **more: str) -> Injection:
        return Injection(smelt.binary, self.folder, smelt.data, rules, **more)

    def done(self) -> None:
        """Ends what is left running, and removes all but what the scenario's failure needs to be looked at."""
        for smelt in self.smelts:
            for running in smelt.started:
                running.kill()

    def clean(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class Scenario:
    """One line of the catalogue."""

    row: int
    name: str
    run: Callable[[Bench, int], Outcome]  # with so many injections at most
    quick: int  # injections of every test run
    long: int  # and of `make faults`
    round: int  # so many at a time in the long run: what a second start does not repeat

    def perform(self, bench: Bench, most: int) -> Outcome:
        try:
            return self.run(bench, most)
        finally:
            bench.done()
