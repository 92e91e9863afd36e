"""Damage to the files of a broker's partitions: a log that is cut off, as by a power cut, and a batch with a wrong checksum."""

from __future__ import annotations

import struct
from pathlib import Path

from confluent_kafka import Producer
from harness import Sent, Topic, events, eventually

BATCH_HEADER = 61  # bytes before the records, in Kafka's message format 2


def log_of(topic: Topic, partition: int) -> Path:
    (log,) = (topic.broker.folder / f"node-1/data/{topic.name}-{partition}").glob("*.log")
    return log


def batches_of(log: Path) -> list[tuple[int, int]]:
    """Where each batch begins and ends in the file."""
    content, at, found = log.read_bytes(), 0, []
    while at + 12 <= len(content) and (length := struct.unpack_from(">i", content, at + 8)[0]) > 0:
        found.append((at, at + 12 + length))
        at += 12 + length
    return found


def batches_after(topic: Topic, partition: int, offset: int) -> int:
    log = log_of(topic, partition)
    return sum(struct.unpack_from(">q", log.read_bytes(), begin)[0] >= offset for begin, _ in batches_of(log))


def send_batches(topic: Topic, first: int, batches: int, size: int = 10, partition: int = 0) -> list[Sent]:
    """Each in a batch of its own, however slowly this process runs: nothing is sent before the producer is flushed."""
    patient = Producer(topic.broker.client_options() | {"enable.idempotence": True, "linger.ms": 60_000})
    sent = [message for n in range(batches) for message in topic.send(events(first + n * size, size), partition, patient)]
    assert batches_after(topic, partition, sent[0].offset) == batches
    return sent


def stop(topic: Topic) -> None:
    topic.broker.tool("stop-node", "1")
    topic.broker.is_down = True


def start(topic: Topic) -> None:
    topic.broker.start()
    eventually("the leaders are back", topic.is_ready)


def forget_clean_end(topic: Topic, partition: int) -> None:
    """As after a power cut: the broker checks its log when it starts, and believes no checkpoint of it."""
    data = topic.broker.folder / "node-1/data"
    (data / ".kafka_cleanshutdown").unlink(missing_ok=True)
    for name in ("recovery-point-offset-checkpoint", "replication-offset-checkpoint"):
        version, _, *lines = (data / name).read_text().splitlines()
        lines = [line for line in lines if not line.startswith(f"{topic.name} {partition} ")] + [f"{topic.name} {partition} 0"]
        (data / name).write_text("\n".join([version, str(len(lines)), *lines]) + "\n")
    for snapshot in (data / f"{topic.name}-{partition}").glob("*.snapshot"):
        snapshot.unlink()


def cut_off(topic: Topic, partition: int, batches: int) -> None:
    """A power cut: what follows so many batches of the partition never reached the disk."""
    stop(topic)
    log = log_of(topic, partition)
    with log.open("r+b") as file:
        file.truncate(batches_of(log)[batches - 1][1])
    forget_clean_end(topic, partition)
    start(topic)


def flip(topic: Topic, partition: int, batch: int) -> None:
    """One bit of the records of a batch, on the broker's disk."""
    stop(topic)
    log = log_of(topic, partition)
    at = batches_of(log)[batch][0] + BATCH_HEADER + 20
    with log.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x10]))
    start(topic)
