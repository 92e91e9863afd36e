"""The judge in C and an oracle in Python end the same: the values of each column, each violation, each place of drift.

ORACLE_VALUES=1000000 makes it a long run. What differs is printed as a line that judge_lines reads.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from harness import BUILD, clean_environment
from judge import generate
from judge.oracle import Oracle, Verdict

WANTED = int(os.environ.get("ORACLE_VALUES", "100000"))
Line = dict[str, Any]


def run_judge(folder: Path, lines: Iterable[Line]) -> list[Line]:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run([BUILD / "tests/judge/judge_lines", folder], input=text, capture_output=True, text=True, env=clean_environment())
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def in_words(verdict: Verdict) -> Line:
    said: Line = {
        "ok": not verdict.violations,
        "violations": [v._asdict() for v in verdict.violations],
        "drift": sorted(list(d) for d in verdict.drift),
        "values": verdict.values,
    }
    return said if verdict.quality is None else said | {"quality": verdict.quality}


def difference(line: Line, found: Line, expected: Line) -> str:
    found["drift"].sort()
    parts = [f"{key}: {found.get(key)!r}\n    instead of {expected.get(key)!r}" for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)]
    return "\n  ".join([json.dumps(line), *parts]) if parts else ""


def compare(folder: Path, contracts: dict[str, Any], lines: list[Line]) -> Counter[str]:
    """Counts what was judged, and each rule that was broken."""
    oracle, seen = Oracle(contracts), Counter[str]()
    for line, found in zip(lines, run_judge(folder, lines), strict=True):
        verdict = oracle.judge(line)
        wrong = difference(line, found, in_words(verdict))
        assert not wrong, f"{wrong}\n  contract: {json.dumps(contracts.get(line['type'] or ''))}"
        seen["values"] += verdict.judged
        seen["events"] += 1
        seen["clean"] += not verdict.violations
        seen.update(v.rule for v in verdict.violations)
        seen.update(d.kind for d in verdict.drift)
    return seen


RULES = {"type", "required", "range", "scale", "length", "pattern", "allowed_values", "known_value", "from_the_future", "too_low", "impossible_time", "repeated_field", "characters",
         "unknown_type", "implausible_time", "low_quality", "unknown_field", "number_as_text", "unknown_envelope_field", "multiple", "format", "missing_values", "items", "properties", "unique_items", "timezone"}  # fmt: skip


def judge_each_value_of_each_type(folder: Path) -> Counter[str]:
    """Every odd value that is known, in a field of each type, in three spellings."""
    contracts = generate.lone_contracts()
    generate.write_pipeline(folder, contracts)
    seen = compare(folder, contracts, list(generate.all_events(generate.Chance(1), contracts)))
    assert seen["clean"] > 2000
    return seen


def judge_random_events(folder: Path, chance: generate.Chance, wanted: int) -> Counter[str]:
    contracts = {f"T{n}": generate.new_contract(chance, n) for n in range(30)}
    generate.write_pipeline(folder, contracts)
    stream, seen = generate.events(chance, contracts, 8000), Counter[str]()
    while seen["values"] < wanted and (lines := list(islice(stream, 3000))):
        seen += compare(folder, contracts, lines)
    assert seen["clean"] > seen["events"] // 10, "hardly an event was clean"
    return seen


@pytest.mark.timeout(240 + WANTED // 500)
def test_the_judge_and_the_oracle_agree(tmp_path: Path) -> None:
    chance = generate.Chance(13)
    seen = judge_each_value_of_each_type(tmp_path / "each")
    for round_number in range(1000):
        if seen["values"] >= WANTED:
            break
        seen += judge_random_events(tmp_path / str(round_number), chance, WANTED - seen["values"])
    print(dict(seen))
    assert seen["values"] >= WANTED
    assert seen.keys() >= RULES, f"never seen: {RULES - seen.keys()}"
