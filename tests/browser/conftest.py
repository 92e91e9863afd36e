"""One server and one lake per state, shared by all that look at it in a browser."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import FREE_PORT, ROOT, Json, Smelt, serving

PICTURES = Path(os.environ.get("TEST_RESULTS") or ROOT / "build/test")
HISTORY = ("produce", "--seed", "5", "--days", "40", "--subscribers", "150", "--events", "5000", "--faults", "0.02", "--out", "events.jsonl")
TODAY = ("produce", "--seed", "6", "--subscribers", "150", "--events", "300", "--faults", "0.1", "--out", "today.jsonl")

Visit = Callable[..., Json]


@pytest.fixture(scope="session")
def visit() -> Visit:
    """visit(script, *arguments): what a script of this folder saw. The folder for pictures comes last."""

    def visit(script: str, *arguments: str, **env: str) -> Json:
        PICTURES.mkdir(parents=True, exist_ok=True)
        command = [os.environ["NODE"], str(Path(__file__).parent / script), *arguments]
        done = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return visit


@pytest.fixture(scope="session")
def full_lake(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Smelt:
    smelt = Smelt(binary, tmp_path_factory.mktemp("dashboard"), kafka_bootstrap="127.0.0.1:1")
    smelt(*HISTORY)
    smelt("run", "--from", "events.jsonl")
    smelt(*TODAY)
    smelt("ingest", "--from", "today.jsonl")
    smelt("refine")
    for step in ("train", "score", "publish"):  # a second model, and numbers of a second moment
        smelt(step)
    return smelt


def serve(smelt: Smelt) -> Iterator[str]:
    running = smelt.start("serve", *FREE_PORT)
    try:
        yield serving(running).url
        assert running.end().code == 0
    finally:
        running.kill()


@pytest.fixture(scope="session")
def full_server(full_lake: Smelt) -> Iterator[str]:
    yield from serve(full_lake)


@pytest.fixture(scope="session")
def empty_server(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from serve(Smelt(binary, tmp_path_factory.mktemp("empty"), kafka_bootstrap="127.0.0.1:1"))
