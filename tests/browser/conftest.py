"""One server and one lake per state, shared by all that look at it in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import FREE_PORT, Smelt, serving
from visits import HISTORY, TODAY, Visit, visit_by


@pytest.fixture(scope="session")
def visit() -> Visit:
    return visit_by


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
def hour_server(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Some minutes of data, published once: nothing has a past."""
    smelt = Smelt(binary, tmp_path_factory.mktemp("hour"), kafka_bootstrap="127.0.0.1:1")
    smelt("produce", "--seed", "7", "--events", "500", "--faults", "0.1", "--out", "events.jsonl")
    smelt("run", "--from", "events.jsonl")
    yield from serve(smelt)


@pytest.fixture(scope="session")
def empty_server(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from serve(Smelt(binary, tmp_path_factory.mktemp("empty"), kafka_bootstrap="127.0.0.1:1"))
