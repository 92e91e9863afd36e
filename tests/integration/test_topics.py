"""Several topics in one process: each with its own ledger, and none that holds another back."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable

import pytest
from harness import SMALL_BATCHES, Broker, Json, Smelt, Topic, events, eventually


def new_topics(broker: Broker, *partitions: int) -> list[Topic]:
    return [broker.topic(f"t-{uuid.uuid4().hex[:12]}", count) for count in partitions]


def names(*topics: Topic | str) -> str:
    return ",".join(topic if isinstance(topic, str) else topic.name for topic in topics)


@pytest.fixture
def over(new_smelt: Callable[..., Smelt]) -> Callable[..., Smelt]:
    """A lake of several topics; the first one's name is the group under which the broker sees what is durable."""

    def make(first: Topic, *others: Topic | str, **settings: str) -> Smelt:
        return new_smelt(first, kafka_topics=names(first, *others), **settings)

    return make


def of_topic(summary: Json, topic: Topic | str) -> Json:
    return next(one for one in summary["topics"] if one["topic"] == names(topic))


def test_one_ingest_reads_them_all_but_the_one_that_is_missing(over: Callable[..., Smelt], broker: Broker) -> None:
    one, three = new_topics(broker, 1, 3)
    missing = f"missing-{uuid.uuid4().hex[:8]}"
    smelt = over(one, missing, three)
    sent = {one.name: one.send(events(0, 50)), three.name: three.send([*events(1000, 90), b"no event", None])}
    result = smelt.run("ingest")
    assert result.code == 69 and f"the topic {missing} does not exist" in result.error, result
    done = result.summary["error"].get("summary", result.summary)
    assert smelt.audit()["offsets"] == 142
    for name, messages in sent.items():
        smelt.assert_holds(messages, name)
    late = broker.topic(missing, 2)
    sent[missing] = late.send(events(5000, 20))
    sent[one.name] += one.send(events(50, 1))
    done = smelt("ingest")
    assert done["landed"] == 21 and [of_topic(done, topic)["landed"] for topic in (one, missing, three)] == [1, 20, 0]
    assert {(p["topic"], p["partition"], p["next_offset"]) for p in done["partitions"] if p["topic"] == one.name} == {(one.name, 0, 51)}
    assert len(done["partitions"]) == 6
    for name, messages in sent.items():
        smelt.assert_holds(messages, name)
    assert smelt("ingest")["landed"] == 0


def test_one_of_them_alone(over: Callable[..., Smelt], broker: Broker) -> None:
    first, second = new_topics(broker, 1, 1)
    smelt = over(first, second)
    first.send(events(0, 5))
    second.send(events(100, 7))
    done = smelt("ingest", "--topic", second.name)
    assert done["landed"] == 7 and "topics" not in done
    assert smelt("ingest", "--topic", "other", code=64)["error"]["message"].startswith("--topic other is none of the topics")
    assert smelt("ingest")["landed"] == 5


@pytest.mark.parametrize(
    ("value", "words"),
    [("a,b,a", "has the topic a twice"), ("a,,b", "empty name"), ("a,b c", '"b c" cannot be the name of a topic'), ("..", '".." cannot be'), ("x" * 250, "up to 249")],
)
def test_names_are_checked_when_they_are_read(offline: Smelt, value: str, words: str) -> None:
    result = offline.run("ingest", SMELT_KAFKA_TOPICS=value)
    assert result.code == 78 and "kafka.topics" in result.error and words in result.error, result


def test_a_backlog_in_one_keeps_no_event_of_another_waiting(over: Callable[..., Smelt], broker: Broker) -> None:
    large, small = new_topics(broker, 2, 1)
    smelt = over(large, small)
    large.send(events(0, 120_000))
    running = smelt.start("ingest", "--follow", "--set", "ingest.batch_rows=4000", "--set", "ingest.commit_interval=20ms")
    eventually("the backlog begins to land", lambda: large.committed(large.name) > 0)
    waited = []
    for number in range(4):
        before = large.committed(large.name)
        small.send(events(500_000 + number, 1))
        eventually("the new event landed", lambda n=number: small.committed(large.name) > n)
        waited.append(large.committed(large.name) - before)
    assert large.committed(large.name) < 120_000, "the backlog was over too soon to tell"
    assert running.end().code == 0
    assert max(waited) <= 5 * 4000, waited


def test_kills_lose_nothing_of_either(over: Callable[..., Smelt], broker: Broker) -> None:
    topics = new_topics(broker, 1, 3)
    smelt = over(*topics)
    sent = {topic.name: topic.send(events(number * 100_000, 6000)) for number, topic in enumerate(topics)}
    kills = 0
    for _ in range(6):
        running = smelt.start("ingest", "--follow", *SMALL_BATCHES)
        before = sum(topic.committed(topics[0].name) for topic in topics)
        more = random.randrange(1, 1500)
        eventually("some landed", lambda b=before, m=more: sum(t.committed(topics[0].name) for t in topics) >= min(b + m, 12_000))
        kills += running.kill()
    assert kills == 6
    smelt("ingest")
    assert smelt.audit()["offsets"] == 12_000
    for name, messages in sent.items():
        smelt.assert_holds(messages, name)
