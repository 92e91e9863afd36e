"""A cluster of three brokers, of which some die or freeze: what the others lead goes on."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic
from harness import SMALL_BATCHES, Broker, Result, Running, Smelt, Topic, events, eventually

ALIVE, DEAD = (0, 1), 2  # partitions: each has one replica, on the node of its number + 1


NODES = ("1", "2", "3")


@pytest.fixture(scope="module")
def all_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    broker = Broker(tmp_path_factory.mktemp("cluster"), "--nodes", "3")
    yield broker
    broker.tool("down", "--delete")


@pytest.fixture
def cluster(all_cluster: Broker) -> Iterator[Broker]:
    """Its nodes may die: all run again afterwards."""
    yield all_cluster
    all_cluster.tool("up")


def stop_after(running: Running, seconds: float) -> Result:
    """It goes on for so long, and then is to stop."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.process.wait(seconds)
    return running.end(signal.SIGINT)


@pytest.fixture
def replicated(cluster: Broker) -> Topic:
    """Each node leads partitions, and all have all of them."""
    topic = Topic(cluster, f"t-{uuid.uuid4().hex[:12]}", 6)
    cluster.admin.create_topics([NewTopic(topic.name, 6, 3)])[topic.name].result(20)
    eventually("leaders", topic.is_ready)
    return topic


@contextlib.contextmanager
def frozen(cluster: Broker, *nodes: str) -> Iterator[None]:
    """They are there, and answer nothing."""
    for node in nodes:
        cluster.tool("pause-node", node)
    try:
        yield
    finally:
        for node in nodes:
            cluster.tool("resume-node", node)


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
    assert stop_after(smelt.start("produce"), 2).code == 130  # while it waits for the leader
    topic.send(events(2000, 10), partition=0)
    result = smelt.run("ingest", "--timeout", "5s")
    assert result.code == 69 and "1 partition of" in result.error and "partition 2" in result.error, result
    assert smelt.value("SELECT count(*) FROM bronze_raw_events") == 170
    topic.send(events(2500, 10), partition=0)
    result = smelt.run("ingest", "--set", "ingest.leader_timeout=3s", seconds=100)  # not ingest.timeout, 5 minutes
    assert result.code == 69 and "the others were: partition 2 has no leader" in result.error, result
    assert smelt.value("SELECT count(*) FROM bronze_raw_events") == 180
    topic.broker.tool("start-node", str(DEAD + 1))
    eventually("leaders", topic.is_ready, 60)
    topic.send(events(3000, 10), partition=DEAD)
    eventually("its partition is read again", lambda: smelt("ingest")["landed"] == 10, 60)
    assert smelt.audit()["landed"] == 190


@pytest.mark.timeout(300)
def test_a_broker_that_freezes_is_not_waited_for(new_smelt: Callable[..., Smelt], replicated: Topic) -> None:
    """Whichever it is: also the one that is asked about the topic, and the one that was the leader. Others lead its partitions after 4 s."""
    smelt, topic = new_smelt(replicated), replicated
    sent = len(topic.send(events(0, 60)))
    running = smelt.start("ingest", "--follow", *SMALL_BATCHES)
    eventually("landed", lambda: topic.committed(topic.name) == sent)
    for node in NODES:
        with frozen(topic.broker, node):
            producer = topic.broker.new_producer()
            sent += len(topic.send(events(sent, 60), producer=producer))
            landed = lambda: smelt.peek("SELECT count(*) FROM bronze_raw_events") == sent  # noqa: B023
            eventually(f"all landed without node {node}", landed, 50)
        eventually("leaders", topic.is_ready, 60)
    assert running.end().code == 0
    assert smelt.audit()["landed"] == sent


def test_a_stop_is_obeyed_while_no_broker_answers(new_smelt: Callable[..., Smelt], replicated: Topic) -> None:
    smelt = new_smelt(replicated)
    with frozen(replicated.broker, *NODES):
        for command in (("produce",), ("ingest",), ("contract", "infer", "--topic", replicated.name, "--pipeline", "mine")):
            result = stop_after(smelt.start(*command), 1.5)
            assert result.code == 130, (command, result)


def test_messages_that_lack_replicas_are_not_called_sent(new_smelt: Callable[..., Smelt], replicated: Topic) -> None:
    """The leader takes none of them, and librdkafka tries again without a word."""
    topic = replicated
    three = [ConfigEntry("min.insync.replicas", "3", incremental_operation=AlterConfigOpType.SET)]
    change = ConfigResource(ConfigResource.Type.TOPIC, topic.name, incremental_configs=three)
    smelt = new_smelt(topic, kafka_bootstrap=topic.broker.address.split(",")[0])
    topic.broker.tool("kill-node", "3")
    try:
        eventually("the cluster sees that the node is gone", lambda: len(topic.broker.admin.list_topics(timeout=10).brokers) == 2)
        eventually("two replicas suffice", lambda: smelt.run("produce", "-n", "20").code == 0)
        topic.broker.admin.incremental_alter_configs([change])[change].result(20)
        result = stop_after(smelt.start("produce", "-n", "20"), 3)
        assert result.code == 130 and result.summary["acknowledged"] == 0, result
        assert "20 messages not acknowledged" in result.error and "min.insync.replicas" in result.error, result.error
    finally:
        topic.broker.tool("start-node", "3")
        eventually("leaders", topic.is_ready, 60)
