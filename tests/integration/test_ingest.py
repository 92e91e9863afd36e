"""Ingest from Kafka: each message lands once, whatever is in it and whenever it is interrupted."""

from __future__ import annotations

import random
import signal
import time
import uuid
from collections.abc import Callable

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import NewPartitions
from harness import SMALL_BATCHES, Broker, Sent, Smelt, Stopwatch, Topic, billing, encode, event, events, eventually
from poison import POISON


def test_each_event_lands_once(smelt: Smelt, topic: Topic) -> None:
    sent = topic.send(events(0, 5000))
    first = smelt("ingest")
    assert (first["landed"], first["duplicates"], first["rejected"], first["gaps"]) == (5000, 0, 0, 0)
    assert [(p["topic"], p["partition"], p["next_offset"], p["end_offset"]) for p in first["partitions"]] == [
        (topic.name, 0, 2500, 2500),
        (topic.name, 1, 2500, 2500),
    ]
    second = smelt("ingest")
    assert second["landed"] == second["duplicates"] == second["rejected"] == 0
    assert smelt.audit()["landed"] == 5000
    smelt.assert_holds(sent)


def test_columns_hold_what_the_envelope_says(smelt: Smelt, topic: Topic) -> None:
    before = time.time()
    topic.send([encode(event(7, timestamp="2026-11-24T12:00:00.123456+02:00", quality_score=88))], partition=1)
    smelt("ingest")
    (row,) = smelt.rows(
        "SELECT event_id, event_type, source_system, subscriber_id, epoch_us(event_timestamp), raw_payload::VARCHAR, quality_score, "
        "epoch(ingested_at), kafka_topic, kafka_partition, kafka_offset, epoch(kafka_timestamp), extra_fields FROM bronze_raw_events"
    )
    assert row[:4] == ("00000007", "bss", "billing", "SUB-00007")
    assert row[4] == 1795514400_123456
    assert row[5:7] == ('{"plan":"prepaid","data_used_mb":7,"note":"é7"}', 88)
    assert before - 1 <= row[7] <= time.time() + 1
    assert row[8:11] == (topic.name, 1, 0)
    assert before - 1 <= row[11] <= time.time() + 1
    assert row[12] is None


def test_new_events_only_are_read_by_the_next_run(smelt: Smelt, topic: Topic) -> None:
    sent = topic.send(events(0, 300))
    smelt("ingest")
    sent += topic.send(events(300, 200))
    assert smelt("ingest")["landed"] == 200
    smelt.audit()
    smelt.assert_holds(sent)


def test_redelivered_copies_are_duplicates(smelt: Smelt, topic: Topic) -> None:
    """Of one batch, of an earlier batch, of an earlier run, late, and without a timestamp."""
    old = events(0, 400)
    timeless = encode(event(9000, timestamp=...))
    late = encode(event(9001, timestamp="2026-08-01T00:00:00Z"))
    sent = topic.send([*old, old[0], timeless, late])
    first = smelt("ingest")
    assert (first["landed"], first["duplicates"]) == (402, 1)
    shuffled = [*old, timeless, late, *events(400, 50), *events(400, 50)]
    random.Random(1).shuffle(shuffled)
    sent += topic.send(shuffled)
    second = smelt("ingest", "--set", "ingest.batch_rows=64")
    assert (second["landed"], second["duplicates"]) == (50, 452)
    assert smelt.audit()["duplicates"] == 453
    smelt.assert_holds(sent)
    assert smelt.value("SELECT count(*) - count(DISTINCT (source_system, event_id, event_timestamp)) FROM bronze_raw_events") == 0


def test_reused_ids_are_different_events(smelt: Smelt, topic: Topic) -> None:
    """A short id that comes back with another time or from another source is kept."""
    same = {"id": "deadbeef"}
    sent = topic.send(
        encode(event(n, **same)) for n in range(100)
    ) + topic.send([encode(event(5, source="network", **same)), encode(event(5, **same))])
    done = smelt("ingest")
    assert (done["landed"], done["duplicates"]) == (101, 1)
    smelt.audit()
    smelt.assert_holds(sent)


def test_poison_is_rejected_with_its_reason_and_stops_nothing(smelt: Smelt, topic: Topic) -> None:
    good = events(0, 40)
    sent = topic.send(good[:20], partition=0)
    poison = {topic.send([value], partition=0)[0].offset: (name, value, reason) for name, (value, reason) in POISON.items()}
    sent += [Sent(0, offset, value) for offset, (_, value, _) in poison.items()] + topic.send(good[20:], partition=0)
    done = smelt("ingest")
    found = {offset: (reason, value) for offset, reason, value in smelt.rows("SELECT kafka_offset, reason, raw_value FROM bronze_rejects")}
    wrong = {name: found.get(offset, ("landed",))[0] for offset, (name, _, reason) in poison.items() if found.get(offset) != (reason, sent_value(poison, offset))}
    assert wrong == {}
    assert (done["landed"], done["rejected"]) == (40, len(POISON))
    assert smelt.audit()["rejected"] == len(POISON)
    smelt.assert_holds(sent)


def sent_value(poison: dict[int, tuple[str, bytes | None, str]], offset: int) -> bytes | None:
    return poison[offset][1]


ODD_BUT_VALID = {
    "1 MB payload": event(1, payload={"text": "y" * 1_000_000}),
    "nested payload": event(2, payload={"deep": [[[[{"a": [1, 2, {"b": None}]}]]]]}),
    "no payload": event(3, payload=...),
    "no subscriber": event(4, subscriber_id=...),
    "unknown type": event(5, type="fax"),
    "no quality": event(6, quality_score=...),
    "year 1970": event(7, timestamp="1970-01-01T00:00:00Z"),
    "year 9999": event(8, timestamp="9999-12-31T23:59:59Z"),
    "quotes and controls": event(9, payload={"text": 'a"b\\c\n\t\u2028'}),
    "payload of text": event(10, payload="just text"),
    "payload null": event(11, payload=[]),
    "numbers": event(12, payload={"a": 2**63, "b": 0.1, "c": -0.5, "d": 12345.67, "e": 12345678901234567890123}),
}


def test_odd_but_valid_events_land_whole(smelt: Smelt, topic: Topic) -> None:
    sent = topic.send(encode(e) for e in ODD_BUT_VALID.values())
    done = smelt("ingest")
    assert (done["landed"], done["rejected"]) == (len(ODD_BUT_VALID), 0)
    smelt.audit()
    payloads = dict(smelt.rows("SELECT event_id, raw_payload::VARCHAR FROM bronze_raw_events"))
    for name, e in ODD_BUT_VALID.items():
        assert payloads[e["id"]] == (encode(e["payload"]).decode() if "payload" in e else None), name
    assert len(sent) == len(payloads)


def test_a_payload_nested_10000_deep_stops_nothing(smelt: Smelt, topic: Topic) -> None:
    deep = b'{"id":"deep","source":"x","timestamp":"2026-11-01T00:00:00Z","payload":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    topic.send([*events(0, 10), deep, *events(10, 10)], partition=0)
    done = smelt("ingest")
    assert (done["landed"], done["rejected"]) == (21, 0)
    smelt.audit()


def test_keys_and_headers_are_kept(smelt: Smelt, topic: Topic) -> None:
    headers = [("trace", b"abc"), ("trace", None), ("bytes", b"\x00\xff")]
    for number, (key, value, given) in enumerate([(b"k1", encode(event(0)), headers), (None, encode(event(1)), None), (b"", encode(event(2)), [])]):
        topic.broker.producer.produce(topic.name, value, key=key, headers=given, partition=0)
    topic.broker.producer.produce(topic.name, None, key=b"k\xff", headers=[("why", b"gone")], partition=0)
    assert topic.broker.producer.flush(60) == 0
    assert smelt("ingest", "--set", "ingest.keep_keys=true")["rejected"] == 1
    kept = smelt.rows("SELECT kafka_offset, kafka_key, kafka_headers::VARCHAR FROM bronze_keys ORDER BY kafka_offset")
    assert kept == [(0, b"k1", '[["trace","abc"],["trace",null],["bytes",{"hex":"00ff"}]]'), (2, b"", None)]
    tombstone = smelt.rows("SELECT reason, raw_value, kafka_key, kafka_headers::VARCHAR FROM bronze_rejects")
    assert tombstone == [("tombstone", None, b"k\xff", '[["why","gone"]]')]


def test_record_times_of_any_unit_do_no_harm(smelt: Smelt, broker: Broker) -> None:
    """They are what the producer says: a time that cannot be is not stored, and the message lands."""
    anything = str(2**63 - 1)
    topic = broker.topic(f"times-{uuid.uuid4().hex[:8]}", 1, **{"message.timestamp.before.max.ms": anything, "message.timestamp.after.max.ms": anything})
    now = 1_795_500_000  # 2026-11-24
    times = [now, now * 1000, now * 1_000_000, now * 1_000_000_000, 1, 2**63 - 1, 253_402_300_799_999, 253_402_300_800_000]
    for number, milliseconds in enumerate(times):
        broker.producer.produce(topic.name, encode(billing(number)), partition=0, timestamp=milliseconds)
    assert broker.producer.flush(60) == 0
    assert smelt("ingest", "--set", f"kafka.topic={topic.name}")["landed"] == len(times)
    stored = smelt.rows("SELECT epoch_us(kafka_timestamp) // 1000 FROM bronze_raw_events ORDER BY kafka_offset")
    assert [row[0] for row in stored] == [time if time < 253_402_300_800_000 else None for time in times]
    assert smelt("refine")["quarantined"] == 0  # they are no measure for the times of events


def test_unknown_envelope_fields_are_kept(smelt: Smelt, topic: Topic) -> None:
    topic.send([encode(event(1, region="Lusaka", tags=["a", {"b": 1}])), encode(event(2)), encode(event(3, payload=..., region="Ndola"))])
    assert smelt("ingest")["landed"] == 3
    found = dict(smelt.rows("SELECT event_id, extra_fields::VARCHAR FROM bronze_raw_events"))
    assert found == {"00000001": '{"region":"Lusaka","tags":["a",{"b":1}]}', "00000002": None, "00000003": '{"region":"Ndola"}'}


# ---- interrupted ----


def test_sigterm_ends_within_5_s_and_the_next_run_goes_on(smelt: Smelt, topic: Topic) -> None:
    sent = topic.send(events(0, 20_000))
    running = smelt.start("ingest", *SMALL_BATCHES)
    eventually("something committed", lambda: topic.committed(topic.name) > 0)
    result = running.end(seconds=5)
    assert result.code == 130 and result.summary["stopped"] is True
    landed = result.summary["landed"]
    assert 0 < landed < len(sent)
    assert smelt("ingest")["landed"] == len(sent) - landed
    smelt.audit()
    smelt.assert_holds(sent)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_follow_lands_within_2_s_and_ends_with_0(smelt: Smelt, topic: Topic, number: signal.Signals) -> None:
    sent = topic.send(events(0, 10))
    running = smelt.start("ingest", "--follow")
    eventually("the backlog landed", lambda: topic.committed(topic.name) == 10)
    took = []
    for more in range(3):
        sent += topic.send(events(10 + more * 5, 5))
        watch = Stopwatch(running.process.pid)
        eventually("new events landed", lambda: topic.committed(topic.name) == len(sent))
        took.append(watch.seconds())
    assert min(took) < 2, took  # the best, since Kafka may have had no processor
    result = running.end(number)
    assert result.code == 0 and result.summary["landed"] == len(sent)
    assert smelt.audit()["landed"] == len(sent)
    smelt.assert_holds(sent)


def test_a_second_process_is_refused_and_told_who_holds_the_lake(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(0, 10))
    running = smelt.start("ingest", "--follow")
    eventually("the lake is held", lambda: topic.committed(topic.name) == 10)
    result = smelt.run("ingest")
    assert result.code == 75
    assert f"pid {running.process.pid}" in result.error and "smelt ingest" in result.error
    smelt.audit()  # only reads
    assert running.end().code == 0
    smelt.audit()


# ---- the broker ----


def test_kafka_away_ends_with_69_after_the_timeout(offline: Smelt) -> None:
    began = time.monotonic()
    result = offline.run("ingest", "--timeout", "3s")
    assert time.monotonic() - began > 3
    assert result.code == 69
    assert "127.0.0.1:1" in result.error
    assert "refused" in result.stderr


def test_an_absent_topic_is_said(smelt: Smelt, topic: Topic) -> None:
    result = smelt.run("ingest", "--set", "kafka.topic=there-is-none", "--timeout", "3s")
    assert result.code == 69 and "there-is-none" in result.error and "does not exist" in result.error


def test_a_broker_that_goes_for_good_ends_a_bounded_run(smelt: Smelt, topic: Topic) -> None:
    sent = topic.send(events(0, 30_000))
    running = smelt.start("ingest", "--timeout", "3s", *SMALL_BATCHES)
    eventually("something committed", lambda: topic.committed(topic.name) > 0)
    topic.broker.kill()
    result = running.wait()
    assert result.code == 69 and "gave up" in result.error
    topic.broker.start()
    smelt("ingest")
    smelt.audit()
    smelt.assert_holds(sent)


def test_a_broker_that_hangs_does_not_keep_us(smelt: Smelt, topic: Topic) -> None:
    """Not one that refuses connections: one that accepts them and says nothing, with messages of it read but not stored."""
    sent = topic.send(events(0, 5000))
    running = smelt.start("ingest", "--follow", *SMALL_BATCHES)
    eventually("something committed", lambda: topic.committed(topic.name) > 0)
    topic.broker.tool("pause-node", "1")
    try:
        assert running.end(seconds=6).code == 0
    finally:
        topic.broker.tool("resume-node", "1")
    smelt("ingest")
    smelt.audit()
    smelt.assert_holds(sent)


def test_a_recreated_topic_is_refused_until_it_is_accepted(smelt: Smelt, topic: Topic) -> None:
    old = topic.send(events(0, 100))
    smelt("ingest")
    topic.delete()
    topic.create()
    new = topic.send(events(100, 40))
    ledger = "SELECT kafka_epoch, kafka_partition, next_offset, topic_id, updated_at::VARCHAR FROM ledger_partitions ORDER BY ALL"
    before = smelt.rows(ledger)
    result = smelt.run("ingest")
    assert result.code == 65 and "recreated" in result.error and "--new-epoch" in result.error
    assert smelt.rows(ledger) == before
    assert smelt.value("SELECT count(*) FROM bronze_raw_events") == len(old)
    assert smelt("ingest", "--new-epoch")["landed"] == len(new)
    new += topic.send(events(140, 10))
    assert smelt("ingest")["landed"] == 10
    assert smelt.audit()["offsets"] == len(old) + len(new)
    assert smelt.rows("SELECT kafka_epoch, count(*) FROM bronze_raw_events GROUP BY ALL ORDER BY ALL") == [(0, len(old)), (1, len(new))]


def test_a_topic_recreated_while_it_is_followed(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(0, 100))
    running = smelt.start("ingest", "--follow")
    eventually("landed", lambda: topic.committed(topic.name) == 100)
    topic.delete()
    topic.create()
    topic.send(events(100, 300))
    result = running.wait()
    assert result.code == 65 and "recreated" in result.error
    assert smelt.audit()["landed"] == 100
    assert smelt("ingest", "--new-epoch")["landed"] == 300
    smelt.audit()


def test_a_topic_that_is_deleted_while_it_is_followed(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(0, 100))
    running = smelt.start("ingest", "--follow")
    eventually("landed", lambda: topic.committed(topic.name) == 100)
    topic.delete()
    result = running.wait()
    assert result.code == 65 and "deleted" in result.error
    assert smelt.audit()["landed"] == 100


def test_offsets_that_retention_removed_are_a_gap(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(0, 100), partition=0)
    smelt("ingest")
    topic.send(events(100, 100), partition=0)
    topic.delete_records(0, before=150)
    topic.send(events(200, 10), partition=0)
    result = smelt.run("ingest")
    assert result.code == 0 and (result.summary["landed"], result.summary["gaps"]) == (60, 50)
    assert "retention" in result.stderr and "100" in result.stderr and "149" in result.stderr
    assert smelt.rows("SELECT kafka_partition, first_offset, next_offset, reason FROM bronze_gaps") == [(0, 100, 150, "retention")]
    assert smelt.audit()["gaps"] == 50


def test_what_retention_removed_before_the_first_run_is_not_ours(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(0, 100), partition=0)
    topic.delete_records(0, before=30)
    done = smelt("ingest")
    assert (done["landed"], done["gaps"]) == (70, 0)
    assert smelt.audit()["offsets"] == 70


def test_aborted_transactions_never_land(smelt: Smelt, topic: Topic) -> None:
    options = topic.broker.client_options() | {"transactional.id": topic.name, "transaction.timeout.ms": 30_000}
    producer = Producer(options)
    producer.init_transactions(20)
    committed: list[Sent] = []
    for number in range(6):
        producer.begin_transaction()
        sent = topic.send(events(number * 50, 50), producer=producer)
        if number % 2 == 0:
            producer.commit_transaction(20)
            committed += sent
        else:
            producer.abort_transaction(20)
    done = smelt("ingest")
    assert done["landed"] == len(committed) == 150
    assert done["gaps"] == 150 + 6 * topic.partitions  # the aborted, and the markers at the end of each transaction
    smelt.audit()
    smelt.assert_holds(committed)


def in_transactions(topic: Topic, count: int) -> None:
    """Each sends one event to every partition."""
    producer = Producer(topic.broker.client_options() | {"transactional.id": topic.name})
    producer.init_transactions(30)
    for number in range(count):
        producer.begin_transaction()
        for partition, value in enumerate(events(number * topic.partitions, topic.partitions)):
            producer.produce(topic.name, value, partition=partition)
        producer.commit_transaction(30)


def test_markers_of_transactions_cost_little(new_smelt: Callable[..., Smelt], broker: Broker) -> None:
    """Producers with transactions leave a marker per partition and transaction."""
    transactions = 60
    names = [f"{kind}-{uuid.uuid4().hex[:8]}" for kind in ("plain", "marked")]
    plain, marked = (broker.topic(name, 50) for name in names)
    plain.send(events(0, 50 * transactions))
    in_transactions(marked, transactions)
    seconds = []
    for topic in (plain, marked):
        done = [new_smelt(topic, name=f"{topic.name}-{attempt}")("ingest") for attempt in range(3)]
        assert done[0]["landed"] == 50 * transactions
        assert (done[0]["gaps"], done[0]["lost"]) == ((0, 0) if topic is plain else (50 * transactions, 0))
        seconds.append(min(one["seconds"] for one in done))
    assert seconds[1] < 2 * seconds[0] + 1, seconds  # an end that is a marker takes one more request; a statement for each gap took ten times as long


def test_an_open_transaction_holds_nobody_for_ever(smelt: Smelt, topic: Topic) -> None:
    """A reader gets to the last stable offset; what is behind an open transaction comes when it has ended."""
    before = topic.send(events(0, 20))
    producer = Producer(topic.broker.client_options() | {"transactional.id": topic.name})
    producer.init_transactions(20)
    producer.begin_transaction()
    open_ones = topic.send(events(20, 10), producer=producer)
    behind = topic.send(events(30, 10))
    assert smelt("ingest")["landed"] == len(before)
    producer.commit_transaction(20)
    assert smelt("ingest")["landed"] == 20
    smelt.audit()
    smelt.assert_holds(before + open_ones + behind)


def test_a_compacted_topic_leaves_gaps_that_are_not_losses(smelt: Smelt, topic: Topic) -> None:
    """Offsets that Kafka never delivers, in the middle and at the end; here control records, as compaction makes holes the same way."""
    producer = Producer(topic.broker.client_options() | {"transactional.id": topic.name})
    producer.init_transactions(20)
    sent: list[Sent] = []
    for number in range(3):
        producer.begin_transaction()
        sent += topic.send(events(number, 1), partition=0, producer=producer)
        producer.commit_transaction(20)
    done = smelt("ingest")
    assert (done["landed"], done["gaps"]) == (3, 3)
    assert done["partitions"][0]["next_offset"] == done["partitions"][0]["end_offset"] == 6
    smelt.audit()


def add_partition(topic: Topic) -> None:
    topic.partitions += 1
    topic.broker.admin.create_partitions([NewPartitions(topic.name, topic.partitions)])[topic.name].result(10)
    eventually("the new partition has a leader", topic.is_ready)


def test_new_partitions_are_read_from_their_beginning(smelt: Smelt, topic: Topic) -> None:
    sent = topic.send(events(0, 20))
    smelt("ingest")
    add_partition(topic)
    sent += topic.send(events(20, 30), producer=topic.broker.new_producer())
    assert smelt("ingest")["landed"] == 30
    smelt.audit()
    smelt.assert_holds(sent)


def test_new_partitions_are_noticed_while_following(smelt: Smelt, topic: Topic) -> None:
    sent = topic.send(events(0, 20))
    running = smelt.start("ingest", "--follow")
    eventually("the first landed", lambda: topic.committed(topic.name) == 20)
    add_partition(topic)
    sent += topic.send(events(20, 30), producer=topic.broker.new_producer())
    eventually("the new partition is read", lambda: topic.committed(topic.name) == 50)
    sent += topic.send(events(50, 30), producer=topic.broker.new_producer())
    eventually("and all of them after that", lambda: topic.committed(topic.name) == 80)
    result = running.end()
    assert result.code == 0 and (result.summary["landed"], len(result.summary["partitions"])) == (80, 3)
    smelt.audit()
    smelt.assert_holds(sent)
