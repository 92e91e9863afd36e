"""One server and one lake per state, shared by all that look at it in a browser, and the looks (visits.py)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from harness import FREE_PORT, Json, Smelt, serving
from visits import HISTORY, LOOKS, OFFLINE, TODAY

BESIDE = 3  # browsers: each waits more than it works


@pytest.fixture(scope="session")
def looks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Json]]:
    """What a look saw, by its name. Those that make a lake of their own begin while the lakes of the others are made."""
    tmp_path_factory.getbasetemp()  # makes the folder when it is asked first, which is no work for several threads
    modules = {item.module.__name__ for item in request.session.items if isinstance(item, pytest.Function)}
    wanted = {name: one for name, one in LOOKS.items() if one.module in modules}
    with ThreadPoolExecutor(BESIDE) as pool:
        begun = {name: pool.submit(one.go, *map(request.getfixturevalue, one.needs)) for name, one in sorted(wanted.items(), key=lambda item: len(item[1].needs))}
        yield lambda name: begun[name].result()


@pytest.fixture(scope="session")
def new_lake(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Smelt]:
    return lambda name, **settings: Smelt(binary, tmp_path_factory.mktemp(name), **OFFLINE | settings)


@pytest.fixture(scope="session")
def full_lake(new_lake: Callable[..., Smelt]) -> Smelt:
    smelt = new_lake("dashboard")
    smelt(*HISTORY)
    smelt("run", "--from", "events.jsonl")
    smelt(*TODAY)
    smelt("ingest", "--from", "today.jsonl")
    smelt("refine")
    for step in ("train", "score", "publish"):  # a second model, and numbers of a second moment
        smelt(step)
    return smelt


@pytest.fixture(scope="session")
def changed_lake(full_lake: Smelt, new_lake: Callable[..., Smelt]) -> Smelt:
    """What is written here is not for the other tests."""
    smelt = new_lake("changes")
    shutil.copytree(full_lake.data, smelt.data)
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
def hour_server(new_lake: Callable[..., Smelt]) -> Iterator[str]:
    """Some minutes of data, published once: nothing has a past, so late messages are left out. They are enough for a model at any time of the day."""
    smelt = new_lake("hour")
    smelt("produce", "--seed", "7", "--events", "1200", "--faults", "0.1", "--out", "events.jsonl")
    file, early = smelt.folder / "events.jsonl", (datetime.now(UTC) - timedelta(hours=2)).isoformat().encode()
    times = ((line, re.search(rb'"timestamp":"(\d{4}-[^"]+)"', line)) for line in file.read_bytes().splitlines(keepends=True))
    file.write_bytes(b"".join(line for line, time in times if time is None or time[1] > early))
    smelt("run", "--from", "events.jsonl")
    yield from serve(smelt)


@pytest.fixture(scope="session")
def empty_server(new_lake: Callable[..., Smelt]) -> Iterator[str]:
    yield from serve(new_lake("empty"))
