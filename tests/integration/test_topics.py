"""Several topics in one process: each with its own ledger, and none that holds another back."""

from __future__ import annotations

import random
import shutil
import uuid
from collections.abc import Callable

import pytest
from confluent_kafka.admin import AclOperation, ResourceType
from harness import FREE_PORT, SMALL_BATCHES, Broker, Json, Smelt, Topic, events, eventually, serving
from rights import Denied
from test_envelopes import KINDS, contract, send, write_pipeline


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
    assert result.summary["landed"] == 140 and missing in of_topic(result.summary, missing)["problem"]
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


# Of each event of one topic: how many batches of another landed between the broker's time of it and its own landing.
BATCHES_BETWEEN = """
    SELECT count(DISTINCT l.batch_id) FROM (SELECT * FROM bronze_raw_events WHERE kafka_topic = $2) s LEFT JOIN
        (SELECT DISTINCT batch_id, ingested_at FROM bronze_raw_events WHERE kafka_topic = $1) l
        ON l.ingested_at BETWEEN s.kafka_timestamp AND s.ingested_at AND l.batch_id < s.batch_id
    GROUP BY s.event_id
"""


def test_a_backlog_in_one_keeps_no_event_of_another_waiting(over: Callable[..., Smelt], broker: Broker) -> None:
    large, small = new_topics(broker, 2, 1)
    smelt = over(large, small)
    large.send(events(0, 120_000))
    running = smelt.start("ingest", "--follow", "--set", "ingest.batch_rows=4000", "--set", "ingest.commit_interval=20ms")
    eventually("the backlog begins to land", lambda: large.committed(large.name) > 0)
    for number in range(4):
        small.send(events(500_000 + number, 1))
        eventually("the new event landed", lambda n=number: small.committed(large.name) > n)
    assert large.committed(large.name) < 120_000, "the backlog was over too soon to tell"
    running.kill()
    waited = [row[0] for row in smelt.rows(BATCHES_BETWEEN, large.name, small.name)]
    assert len(waited) == 4 and max(waited) <= 5, waited  # landing, staged, being staged, one while the broker was asked, one while this machine does other things


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


def test_a_run_goes_on_without_the_one_that_is_away(over: Callable[..., Smelt], broker: Broker) -> None:
    first, second = new_topics(broker, 1, 1)
    smelt = over(first, second)
    sent = first.send(events(0, 30))
    second.delete()
    result = smelt.run("run")
    assert result.code == 69 and f"the topic {second.name} does not exist" in result.error, result
    assert [step["state"] for step in result.summary["steps"] if step["name"] in ("ingest", "refine", "publish")] == ["done"] * 3
    assert smelt.run("status", "--ignore", "api").summary["state"] != "ok"
    smelt.assert_holds(sent)


def test_a_mark_of_several_topics_is_recovered_and_restored(over: Callable[..., Smelt], broker: Broker) -> None:
    topics = new_topics(broker, 1, 2)
    smelt = over(*topics)
    sent = {topic.name: topic.send(events(number * 1000, 40)) for number, topic in enumerate(topics)}
    smelt("ingest")
    smelt("backup", smelt.folder / "backup")
    for number, topic in enumerate(topics):
        sent[topic.name] += topic.send(events(number * 1000 + 40, 10))
    smelt("ingest")
    smelt.lake.unlink()
    result = smelt.run("ingest")
    assert result.code == 65 and "the lake is gone" in result.error, result
    assert smelt("recover", "--yes")["landed"] == 100
    for name, messages in sent.items():
        smelt.assert_holds(messages, name)
    assert smelt("ingest")["landed"] == 0
    shutil.rmtree(smelt.data)
    assert smelt("restore", smelt.folder / "backup")["landed"] == 80
    assert [of_topic(smelt("ingest"), topic)["landed"] for topic in topics[:1]] == [10]
    assert smelt.audit()["landed"] == 100
    for name, messages in sent.items():
        smelt.assert_holds(messages, name)
    smelt.lake.write_bytes(b"no lake any more" * 1000)
    (smelt.data / "lake.mark").write_bytes(b"nor its mark")
    assert smelt("recover", "--yes")["landed"] == 100  # of all topics
    for name, messages in sent.items():
        smelt.assert_holds(messages, name)


def kafka_part(report: Json) -> Json:
    return next((part for part in report["components"] if part["name"] == "kafka"), {})  # before the first check there is none


def test_one_that_was_recreated_stops_alone(over: Callable[..., Smelt], broker: Broker) -> None:
    """... while `up` follows both: it says so once and in its status; afterwards the new one is read under its next epoch."""
    stays, recreated = new_topics(broker, 1, 2)
    smelt = over(stays, recreated, status_interval="200ms")
    sent = {stays.name: stays.send(events(0, 20)), recreated.name: recreated.send(events(1000, 30))}
    running = smelt.start("up", *FREE_PORT)
    api = serving(running)
    eventually("both landed", lambda: stays.committed(stays.name) == 20 and recreated.committed(stays.name) == 30)
    recreated.delete()
    recreated.create()
    recreated.send(events(2000, 10))
    running.wait_for_log("this one is tried again")
    said = f"{recreated.name} was deleted and recreated"  # at last: at first it may look deleted, or cut off
    eventually("its reason is in the status", lambda: said in kafka_part(api.get("/api/v1/status"))["detail"])
    assert f"ingest --topic {recreated.name} --new-epoch" in kafka_part(api.get("/api/v1/status"))["detail"]
    sent[stays.name] += stays.send(events(20, 5))
    eventually("the other one goes on", lambda: stays.committed(stays.name) == 25)
    part = kafka_part(api.get("/api/v1/status"))
    problems = {topic["topic"]: topic.get("problem") for topic in part["topics"]}
    assert part["state"] == "degraded" and problems[stays.name] is None and "recreated" in problems[recreated.name]
    metrics = api.ask("/metrics")[2].decode()
    assert f'smelt_topic_up{{topic="{stays.name}"}} 1' in metrics and f'smelt_topic_up{{topic="{recreated.name}"}} 0' in metrics
    assert running.end().code == 0
    assert running.stderr.count("this one is tried again") <= 3
    result = smelt.run("ingest")
    assert result.code == 65 and recreated.name in result.error and stays.name not in result.error, result
    assert smelt("ingest", "--topic", recreated.name, "--new-epoch")["landed"] == 10
    assert smelt("ingest")["landed"] == 0
    assert smelt.audit()["offsets"] == 65
    epochs = f"SELECT kafka_epoch, sum(next_offset) FROM ledger_partitions WHERE kafka_topic = '{recreated.name}' GROUP BY ALL ORDER BY ALL"
    assert smelt.rows(epochs) == [(0, 30), (1, 10)]
    smelt.assert_holds(sent[stays.name], stays.name)


def test_the_only_one_that_was_recreated_leaves_the_lake_served(smelt: Smelt, topic: Topic) -> None:
    """... by `up` that runs, and by one that begins: not ready, with the reason and the next step."""
    topic.send(events(0, 20))
    running = smelt.start("up", *FREE_PORT, "--set", "status.interval=200ms")
    api = serving(running)
    eventually("landed", lambda: topic.committed(topic.name) == 20)
    eventually("ready", lambda: api.ask("/readyz")[0] == 200)
    topic.delete()
    topic.create()
    topic.send(events(1000, 10))
    said = "smelt ingest --new-epoch"
    eventually("not ready, with the next step", lambda: said.encode() in api.ask("/readyz")[2])
    eventually("its reason is in the status", lambda: said in kafka_part(api.get("/api/v1/status"))["detail"])
    assert api.get("/api/v1/overview")["live"] is True
    assert running.end().code == 0
    again = smelt.start("up", *FREE_PORT)
    api = serving(again)
    eventually("not ready, with the next step", lambda: said.encode() in api.ask("/readyz")[2])
    assert again.end().code == 0
    assert smelt("ingest", "--new-epoch")["landed"] == 10
    assert smelt("ingest")["landed"] == 0 and smelt.audit()["landed"] == 30


def test_the_only_one_without_rights_is_read_once_there_are_some(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(0, 20))
    with Denied(topic.broker, ResourceType.TOPIC, topic.name, AclOperation.READ):
        running = smelt.start("up", *FREE_PORT)
        api = serving(running)
        eventually("not ready, with the right", lambda: b"rights DESCRIBE and READ" in api.ask("/readyz")[2])
        assert api.ask("/livez")[0] == 200
    eventually("landed", lambda: topic.committed(topic.name) == 20)
    eventually("ready", lambda: api.ask("/readyz")[0] == 200)
    assert running.end().code == 0


def test_the_contracts_name_the_topics(new_smelt: Callable[..., Smelt], broker: Broker) -> None:
    """... each with an envelope of its own; `kafka.topic` where it is set means that one alone, as ever."""
    topics = {kind: broker.topic(f"{kind}-{uuid.uuid4().hex[:8]}", 1) for kind in ("flat", "own")}
    group = topics["own"].name
    smelt = new_smelt(kafka_bootstrap=broker.address, kafka_group_id=group)
    smelt.env["SMELT_PIPELINE_DIR"] = str(smelt.folder / "pipeline")
    write_pipeline(smelt.folder / "pipeline", {kind: contract(kind, topic.name, *KINDS[kind][1:]) for kind, topic in topics.items()})
    for kind, topic in topics.items():
        send(topic, [KINDS[kind][0](n) for n in range(100)])
    assert smelt("ingest", "--topic", topics["flat"].name)["landed"] == 100
    done = smelt("ingest")
    assert {one["topic"]: (one["landed"], one["rejected"]) for one in done["topics"]} == {topics["flat"].name: (0, 0), group: (100, 0)}
    assert smelt("ingest", SMELT_KAFKA_TOPIC=topics["flat"].name)["partitions"][0]["topic"] == topics["flat"].name
    running = smelt.start("up", *FREE_PORT)
    api = serving(running)
    for kind, topic in topics.items():
        send(topic, [KINDS[kind][0](n) for n in range(100, 150)])
    eventually("both are followed", lambda: all(topic.committed(group) == 150 for topic in topics.values()))
    eventually("both are in the status", lambda: len(kafka_part(api.get("/api/v1/status")).get("topics", [])) == 2)
    assert running.end().code == 0
    done = smelt("refine")
    assert smelt.value("SELECT count(DISTINCT kafka_topic) FROM silver_clean_events") == 2
    assert smelt.audit()["landed"] == 300
