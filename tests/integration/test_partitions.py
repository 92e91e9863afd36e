"""What may happen to one partition of a real broker while the others are well: its log is cut off, a batch cannot be read, its leader is gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from confluent_kafka import Producer
from harness import Smelt, Topic, encode, event, events, eventually
from segments import cut_off, flip, send_batches


@pytest.mark.parametrize("grown", [0, 50, 80])
def test_a_log_that_was_cut_off_is_refused_until_it_is_accepted(smelt: Smelt, topic: Topic, grown: int) -> None:
    """... whether it ends below what was read, at it, or beyond it. The other partition is read meanwhile."""
    send_batches(topic, 0, 10)
    topic.send(events(1000, 5), partition=1)
    smelt("ingest")
    cut_off(topic, 0, 5)
    if grown:
        topic.send(events(200, grown), partition=0, producer=topic.broker.new_producer())
    topic.send(events(1005, 5), partition=1, producer=topic.broker.new_producer())
    before = smelt.rows("SELECT * EXCLUDE (updated_at) FROM ledger_partitions WHERE kafka_partition = 0")
    for landed in (110, 110):
        result = smelt.run("ingest")
        assert result.code == 65 and "truncated at offset 50" in result.error and "offsets 50 to 99" in result.error, result
        assert "--new-epoch" in result.error
        assert smelt.value("SELECT count(*) FROM bronze_raw_events") == landed
    assert smelt.rows("SELECT * EXCLUDE (updated_at) FROM ledger_partitions WHERE kafka_partition = 0") == before
    assert smelt("ingest", "--new-epoch")["landed"] == grown
    topic.send(events(50, 50), partition=0, producer=topic.broker.new_producer())  # the producer sends again what Kafka lost
    assert smelt("ingest")["duplicates"] == 50
    assert smelt.audit()["landed"] == 105 + grown + 5
    assert smelt("ingest")["landed"] == 0


def test_a_log_that_is_cut_off_while_it_is_followed(smelt: Smelt, topic: Topic) -> None:
    send_batches(topic, 0, 10)
    running = smelt.start("ingest", "--follow")
    eventually("landed", lambda: topic.committed(topic.name) == 100)
    cut_off(topic, 0, 5)
    topic.send(events(200, 80), partition=0, producer=topic.broker.new_producer())
    running.wait_for_log("truncated at offset 50")
    topic.send(events(300, 7), partition=1, producer=topic.broker.new_producer())
    eventually("the other partition is read on", lambda: topic.committed(topic.name) == 107)
    eventually("the status tells", lambda: "truncated at offset 50" in smelt.run("status", "--json").stdout)
    assert running.end().code == 0
    assert smelt("ingest", "--new-epoch")["landed"] == 80
    assert smelt.audit()["landed"] == 187


def test_restarts_of_a_broker_are_no_cut(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(0, 100))
    smelt("ingest")
    for number in range(2):
        topic.broker.kill()
        topic.broker.start()
        eventually("the leaders are back", topic.is_ready)
        assert smelt("ingest")["landed"] == (0 if number == 0 else 10)
        topic.send(events(100 + number * 10, 10), producer=topic.broker.new_producer())
    assert smelt("ingest")["landed"] == 10
    smelt.audit()


def test_a_batch_with_a_wrong_checksum_stops_its_partition_alone(smelt: Smelt, topic: Topic) -> None:
    send_batches(topic, 0, 3)
    flip(topic, 0, 1)
    topic.send(events(100, 200), partition=1, producer=topic.broker.new_producer())
    result = smelt.run("ingest", "--timeout", "4s")
    assert result.code == 65, result
    assert f"{topic.name} partition 0 has not moved" in result.error and "offset 10 of 30" in result.error and "CRC32C" in result.error
    assert "--skip-unreadable" in result.error
    assert smelt.value("SELECT count(*) FROM bronze_raw_events") == 210
    done = smelt("ingest", "--skip-unreadable", "--timeout", "60s")
    assert (done["landed"], done["gaps"]) == (10, 10)
    skipped = "SELECT min(first_offset), max(next_offset), sum(next_offset - first_offset), min(reason), max(reason) FROM bronze_gaps"
    assert smelt.rows(skipped) == [(10, 20, 10, "unreadable", "unreadable")]  # in one row, or when a search ended early in several
    assert smelt.audit()["landed"] == 220
    assert smelt("ingest")["landed"] == 0


def test_damaged_bytes_that_are_read_before_the_leader_was_asked(smelt: Smelt, topic: Topic, tmp_path: Path) -> None:
    """librdkafka takes damaged bytes for an offset and stops reading the partition, by chance before or after Smelt's seek. Of ten runs at
    once some meet the one and some the other."""
    send_batches(topic, 0, 3)
    smelt("ingest")
    send_batches(topic, 30, 2)
    flip(topic, 0, 3)
    copies = [Smelt(smelt.binary, tmp_path / f"copy-{number}", topic) for number in range(10)]
    for copy in copies:
        shutil.copytree(smelt.data, copy.data)
    for running in [copy.start("ingest", "--skip-unreadable", "--timeout", "60s") for copy in copies]:
        assert running.wait().code == 0, running.stderr
    assert [copy.value("SELECT count(*) FROM bronze_raw_events") for copy in copies] == [40] * len(copies)


def test_the_steps_behind_ingest_go_on_without_a_stuck_partition(smelt: Smelt, topic: Topic) -> None:
    send_batches(topic, 0, 2)
    flip(topic, 0, 0)
    topic.send(events(100, 50), partition=1, producer=topic.broker.new_producer())
    result = smelt.run("run", "--set", "ingest.timeout=4s")
    assert result.code == 65 and "partition 0 has not moved" in result.error, result
    assert [step["state"] for step in result.summary["steps"]][-1] == "done"
    assert result.summary["state"] == "failed"
    assert list((smelt.data / "snapshots").glob("gen-*.duckdb"))


def test_following_says_which_partition_is_stuck(smelt: Smelt, topic: Topic) -> None:
    send_batches(topic, 0, 2)
    flip(topic, 0, 1)
    running = smelt.start("ingest", "--follow", "--set", "ingest.timeout=3s")
    eventually("said", lambda: "partition 0 has not moved" in running.stderr)
    topic.send(events(100, 50), partition=1, producer=topic.broker.new_producer())
    eventually("the other one landed", lambda: topic.committed(topic.name) == 60)
    assert running.stderr.count("partition 0 has not moved") == 1
    assert running.end().code == 0


def test_what_a_default_broker_accepts_can_be_read(smelt: Smelt, topic: Topic) -> None:
    """80 MB that compress to some kilobytes."""
    large = Producer(topic.broker.client_options() | {"compression.type": "zstd", "message.max.bytes": 300_000_000})
    topic.send([encode(event(1)), encode(event(2, note="x" * 80_000_000)), encode(event(3))], partition=0, producer=large)
    done = smelt("ingest", "--timeout", "60s", seconds=300)
    assert (done["landed"], done["rejected"]) == (2, 1)
    assert smelt.rows("SELECT kafka_offset, reason, octet_length(raw_value) FROM bronze_rejects") == [(1, "too_large", 65536)]
    smelt.audit()
