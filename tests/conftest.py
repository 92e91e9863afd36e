"""Fixtures: one real broker for the whole run, and for each test a topic and a data directory of its own."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _pytest.nodeid import NodeId
from harness import BROKER, BUILD, Broker, Smelt, Topic


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Tests of an xdist_group go to one worker. xdist 3.8 finds the group behind an item's id and puts it into an attribute that pytest 9.2 does not
    read any more: without this, each worker makes what the tests of a group share."""
    yield
    if not getattr(config.option, "loadgroup", False):  # of workers alone
        return
    for item in items:
        if any(item.iter_markers("xdist_group")):
            item._id = NodeId.parse(item._nodeid)  # type: ignore[attr-defined]
            assert item.nodeid == item._nodeid and "@" in item.nodeid  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def binary() -> Path:
    """SMELT, or the sanitized binary."""
    path = Path(os.environ.get("SMELT", BUILD / "smelt"))
    assert path.exists(), f"{path} is not there: run tools/build debug"
    return path


@pytest.fixture(scope="session")
def session_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    broker = Broker(tmp_path_factory.mktemp("kafka"), *BROKER)
    yield broker
    broker.tool("down", "--delete")


@pytest.fixture
def broker(session_broker: Broker) -> Iterator[Broker]:
    """May be killed: it runs again afterwards."""
    yield session_broker
    session_broker.start()


@pytest.fixture
def topic(broker: Broker) -> Topic:
    return broker.topic(f"t-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def new_smelt(binary: Path, tmp_path: Path) -> Iterator[Callable[..., Smelt]]:
    """Makes lakes; what is left running ends with the test."""
    made: list[Smelt] = []

    def make(topic: Topic | None = None, name: str = "lake", **settings: str) -> Smelt:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        made.append(Smelt(binary, folder, topic, **settings))
        return made[-1]

    yield make
    for smelt in made:
        for running in smelt.started:
            running.kill()


@pytest.fixture
def smelt(new_smelt: Callable[..., Smelt], topic: Topic) -> Smelt:
    return new_smelt(topic)


@pytest.fixture
def offline(new_smelt: Callable[..., Smelt]) -> Smelt:
    """A lake that has no broker to talk to."""
    return new_smelt(kafka_bootstrap="127.0.0.1:1")
