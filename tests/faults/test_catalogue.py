"""The quick figures of the catalogue; `make faults` runs the long ones."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.bench import Bench, Scenario
from faults.catalogue import SCENARIOS
from faults.report import Line
from harness import ROOT, Broker

PLAIN = ROOT / "build/release/smelt"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario.row} {scenario.name}")
def test_nothing_is_lost_and_nothing_is_there_twice(
    scenario: Scenario, broker: Broker, binary: Path, tmp_path: Path, record_fault: Callable[[Line], None]
) -> None:
    assert PLAIN.exists(), f"{PLAIN} is not there: run tools/build release"
    seed, began = random.randrange(2**32), time.monotonic()
    print(f"seed {seed}")
    outcome = scenario.perform(Bench(broker, PLAIN, binary, tmp_path, random.Random(seed), before=-1), scenario.quick)
    print(f"row {scenario.row}, {scenario.name}: {outcome.injected} injected, {outcome.lost} lost, {outcome.duplicated} duplicated; {'; '.join(outcome.notes)}")
    record_fault(Line(scenario.row, scenario.name, outcome.injected, outcome.lost, outcome.duplicated, time.monotonic() - began))
    assert outcome.injected > 0, "the fault never fired"
    assert (outcome.lost, outcome.duplicated) == (0, 0)
