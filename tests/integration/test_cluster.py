"""A cluster of three brokers, one of which dies: its partitions have no leader, the others go on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import NewTopic
from harness import Broker, Smelt, Topic, events, eventually

ALIVE, DEAD = (0, 1), 2  # partitions: each has one replica, on the node of its number + 1


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "kafka", "--nodes", "3")
    yield broker
    broker.tool("down", "--delete")


@pytest.fixture
def topic(cluster: Broker) -> Topic:
    topic = Topic(cluster, f"t-{uuid.uuid4().hex[:12]}", 3)
    wanted = NewTopic(topic.name, 3, replica_assignment=[[node] for node in (1, 2, 3)])
    cluster.admin.create_topics([wanted])[topic.name].result(20)
    eventually("leaders", topic.is_ready)
    return topic


def lose_the_leader(topic: Topic) -> None:
    topic.broker.tool("kill-node", str(DEAD + 1))
    lost = lambda: topic.broker.admin.list_topics(topic.name, timeout=10).topics[topic.name].partitions[DEAD].leader < 0
    eventually("the cluster sees that the node is gone", lost, 60)


def test_a_partition_without_a_leader_holds_no_other_back(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(0, 60))
    running = smelt.start("ingest", "--follow", "--set", "ingest.timeout=5s")
    eventually("landed", lambda: topic.committed(topic.name) == 60)
    lose_the_leader(topic)
    for partition in ALIVE:
        topic.send(events(1000 + partition * 100, 50), partition=partition)
    eventually("the live partitions landed", lambda: topic.committed(topic.name) == 160, 60)
    assert running.end().code == 0
    topic.send(events(2000, 10), partition=0)
    result = smelt.run("ingest", "--timeout", "5s")
    assert result.code == 69 and "1 partition of" in result.error and "partition 2" in result.error, result
    assert smelt.value("SELECT count(*) FROM bronze_raw_events") == 170
    topic.broker.tool("start-node", str(DEAD + 1))
    eventually("leaders", topic.is_ready, 60)
    topic.send(events(3000, 10), partition=DEAD)
    eventually("its partition is read again", lambda: smelt("ingest")["landed"] == 10, 60)
    assert smelt.audit()["landed"] == 180
