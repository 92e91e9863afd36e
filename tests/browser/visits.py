"""How the tests of this folder go to a page: a script of Node opens it and prints what it saw."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from harness import ROOT, Json

PICTURES = Path(os.environ.get("TEST_RESULTS") or ROOT / "build/test")
HISTORY = ("produce", "--seed", "5", "--days", "40", "--subscribers", "150", "--events", "5000", "--faults", "0.02", "--out", "events.jsonl")
TODAY = ("produce", "--seed", "6", "--subscribers", "150", "--events", "300", "--faults", "0.1", "--out", "today.jsonl")

Visit = Callable[..., Json]

# Addresses that pages ask for and that not every server has yet: pages say so, or do without.
NOT_YET = ("/api/v1/stream",)


def unexpected(problems: list[str]) -> list[str]:
    return [problem for problem in problems if not any(part in problem for part in NOT_YET)]


def visit_by(script: str, *arguments: str, **env: str) -> Json:
    """What a script of this folder saw. The folder for pictures comes last."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    command = [os.environ["NODE"], str(Path(__file__).parent / script), *arguments]
    done = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
