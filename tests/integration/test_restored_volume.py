"""A broker whose volume is restored from a copy, as of a virtual machine or a claim of Kubernetes: other messages at offsets that were read."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import Broker, Smelt, Topic, events, eventually


class Restorable:
    """100 messages are in the copy, and 100 came after it was made; the lake has all."""

    def __init__(self, broker: Broker, topic: Topic, smelt: Smelt) -> None:
        self.broker, self.topic, self.smelt = broker, topic, smelt
        self.node, self.copy = broker.folder / "node-1", broker.folder / "copy"
        self.more(0, 100)
        smelt("ingest")
        self.away(lambda: shutil.copytree(self.node, self.copy))
        self.more(100, 100)
        smelt("ingest")

    def away(self, do: Callable[[], object]) -> None:
        self.broker.down()
        do()
        self.broker.start()
        eventually("it is there again", self.topic.is_ready)
        self.broker.producer = self.broker.new_producer()  # the old one knows numbers of the log as it was

    def restore(self) -> None:
        def replace() -> None:
            shutil.rmtree(self.node)
            shutil.copytree(self.copy, self.node)

        self.away(replace)

    def more(self, first: int, count: int) -> None:
        self.topic.send(events(first, count), partition=0)

    def new_ones(self) -> int:
        return self.smelt.value("SELECT count(*) FROM bronze_raw_events WHERE kafka_epoch = 1")


@pytest.fixture
def restorable(tmp_path: Path, new_smelt: Callable[..., Smelt]) -> Iterator[Restorable]:
    broker = Broker(tmp_path / "kafka")
    topic = broker.topic(f"t-{uuid.uuid4().hex[:12]}", 1)
    yield Restorable(broker, topic, new_smelt(topic))
    broker.tool("down", "--delete")


def test_other_messages_where_some_were_read_are_noticed(restorable: Restorable) -> None:
    """Also when the log is longer than before, and the leader epochs are the same ones again."""
    smelt = restorable.smelt
    restorable.restore()
    restorable.more(5000, 60)  # the log ends below what was read, where it did not before
    result = smelt.run("ingest")
    assert result.code == 65 and "--new-epoch" in result.error and "is not known" in result.error, result
    restorable.more(5060, 90)
    result = smelt.run("ingest")
    assert result.code == 65 and "another message at offset 199" in result.error and "--new-epoch" in result.error, result
    assert smelt("ingest", "--new-epoch")["landed"] == 150
    assert restorable.new_ones() == 150 and smelt.audit()["landed"] == 350
    restorable.more(6000, 10)
    assert smelt("ingest")["landed"] == 10


def test_a_server_that_was_there_all_the_time_notices_it_too(restorable: Restorable) -> None:
    smelt = restorable.smelt
    running = smelt.start("ingest", "--follow", "--set", "ingest.timeout=20s")
    restorable.more(200, 10)
    eventually("it reads", lambda: restorable.topic.committed(restorable.topic.name) == 210)
    restorable.restore()
    restorable.more(5000, 150)
    assert running.wait(90).code == 65
    assert restorable.new_ones() == 0
    assert smelt("ingest", "--new-epoch")["landed"] == 150
