"""How the tests of this folder go to a page: a script of Node opens it and prints what it saw.

A look is all that one script sees of one server. Each module declares its looks, and all those that a run needs begin together, since a browser waits
more than it works."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness import FREE_PORT, ROOT, Json, Smelt, serving

PICTURES = Path(os.environ.get("TEST_RESULTS") or ROOT / "build/test")
HISTORY = ("produce", "--seed", "5", "--days", "40", "--subscribers", "150", "--events", "5000", "--faults", "0.02", "--out", "events.jsonl")
TODAY = ("produce", "--seed", "6", "--subscribers", "150", "--events", "300", "--faults", "0.1", "--out", "today.jsonl")
OFFLINE = {"kafka_bootstrap": "127.0.0.1:1"}

# Addresses that pages ask for and that not every server has yet: pages say so, or do without.
NOT_YET = ("/api/v1/stream",)


@dataclass(frozen=True)
class Look:
    module: str
    needs: tuple[str, ...]  # fixtures
    go: Callable[..., Json]


LOOKS: dict[str, Look] = {}


def look(*needs: str) -> Callable[[Callable[..., Json]], Callable[..., Json]]:
    """Declares a look under the name of its function, which gets the fixtures it needs and runs on a thread of its own."""

    def declare(go: Callable[..., Json]) -> Callable[..., Json]:
        LOOKS[go.__name__] = Look(go.__module__, needs, go)
        return go

    return declare


def unexpected(problems: list[str]) -> list[str]:
    return [problem for problem in problems if not any(part in problem for part in NOT_YET)]


def visit(script: str, *arguments: str, **env: str) -> Json:
    """What a script of this folder saw. The folder for pictures comes last."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    command = [os.environ["NODE"], str(Path(__file__).parent / script), *arguments]
    done = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def visit_lake(smelt: Smelt, script: str, *arguments: str, **env: str) -> Json:
    """The same, of a server over a lake that nothing else looks at."""
    running = smelt.start("serve", *FREE_PORT)
    try:
        seen = visit(script, serving(running).url, *arguments, **env)
        assert running.end().code == 0
    finally:
        running.kill()
    return seen
