"""The catalogue of faults as a table: docs/guarantees.md has it in words."""

from __future__ import annotations

from faults import disk, kills, memory
from faults.bench import Scenario

SCENARIOS = [
    # row, name, scenario, injections in every test run, in the long run, in one round of it
    Scenario(1, "kill -9 in ingest", kills.killed_in_ingest, 25, 10_000, 100),
    Scenario(2, "kill -9 in a checkpoint", kills.killed_in_checkpoint, 5, 2_000, 50),
    Scenario(3, "kill -9 in refine", kills.killed_in_refine, 5, 500, 50),
    Scenario(3, "kill -9 in train", kills.killed_in_train, 5, 500, 50),
    Scenario(3, "kill -9 in score", kills.killed_in_score, 5, 500, 50),
    Scenario(3, "kill -9 in publish", kills.killed_in_publish, 5, 500, 50),
    Scenario(4, "power cut", disk.power_cuts, 5, 1_000, 50),
    Scenario(9, "EIO or short call", disk.broken_calls, 5, 1_000_000, 50),
    Scenario(10, "out of memory", memory.exhausted_memory, 20, 1_000_000, 500),
]
