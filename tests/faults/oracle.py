"""The one oracle that all scenarios share: each offset that Kafka acknowledged is in one place and whole, and Silver and Gold follow from Bronze.

    acknowledged = Bronze + duplicates + rejects (+ the gaps that Kafka made), each offset once
    Bronze = Silver + quarantine
    Silver and Gold = a full recompute, byte for byte
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from harness import Sent, Smelt, assert_same, refined

PLACES = """
    SELECT 'bronze' AS place, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, event_id, NULL AS bytes FROM bronze_raw_events
    UNION ALL SELECT 'duplicate', kafka_topic, kafka_epoch, kafka_partition, kafka_offset, event_id, NULL FROM bronze_duplicates
    UNION ALL SELECT 'reject', kafka_topic, kafka_epoch, kafka_partition, kafka_offset, NULL, raw_value FROM bronze_rejects
    UNION ALL SELECT 'gap', kafka_topic, kafka_epoch, kafka_partition, unnest(range(first_offset, next_offset)), NULL, NULL FROM bronze_gaps
"""
REPEATED_EVENTS = "SELECT count(*) - count(DISTINCT (source_system, event_id, event_timestamp)) FROM bronze_raw_events"


@dataclass(frozen=True)
class Balance:
    lost: int
    duplicated: int
    rows: Counter[str]  # by place


def id_in(value: bytes | None) -> str:
    found = json.loads(value or b"")["id"]
    return found if isinstance(found, str) else json.dumps(found)


def balance(smelt: Smelt, sent: Iterable[Sent], epoch: int = 0, topic: str = "%") -> Balance:
    """Where the acknowledged offsets are. What is in the wrong place or changed is an AssertionError; what is missing or twice is counted."""
    expected = {(message.partition, message.offset): message.value for message in sent}
    rows = smelt.rows(f"SELECT place, kafka_partition, kafka_offset, event_id, bytes FROM ({PLACES}) WHERE kafka_epoch = ? AND kafka_topic LIKE ?", epoch, topic)
    times = Counter(row[1:3] for row in rows)
    for place, partition, offset, event_id, value in rows:
        assert place == "gap" or (partition, offset) in expected, f"offset {offset} of partition {partition} was never acknowledged"
        assert place != "reject" or value == expected[partition, offset], f"the bytes of reject {offset} are others"
        assert event_id is None or event_id == id_in(expected[partition, offset]), f"offset {offset} has another event: {event_id}"
    lost = len(expected.keys() - {row[1:3] for row in rows if row[0] != "gap"})  # who removes messages from Kafka does not list them as sent
    twice = sum(count - 1 for count in times.values()) + smelt.value(REPEATED_EVENTS)
    return Balance(lost, twice, Counter(row[0] for row in rows))


def copy_of(smelt: Smelt, name: str) -> Smelt:
    """Another folder with the same data."""
    folder = smelt.folder.with_name(name)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(smelt.folder, folder, ignore=shutil.ignore_patterns("smelt-*.out", "smelt-*.err", "injection-*", "peek.duckdb*"))
    other = Smelt(smelt.binary, folder, smelt.topic)
    other.env = smelt.env | {"SMELT_DATA_DIR": str(other.data)}
    return other


def assert_gold_follows(smelt: Smelt) -> None:
    """Refines what is left, and compares with a recompute in a copy of the lake."""
    smelt("refine")
    counts = [smelt.value(f"SELECT count(*) FROM {table}") for table in ("bronze_raw_events", "silver_clean_events", "silver_quarantine")]
    assert counts[0] == counts[1] + counts[2], f"Bronze {counts[0]} is not Silver {counts[1]} + quarantine {counts[2]}"
    other = copy_of(smelt, f"{smelt.folder.name}-full")
    other("refine", "--full")
    assert_same(refined(smelt), refined(other))
    shutil.rmtree(other.folder)


def check(smelt: Smelt, sent: Iterable[Sent], epoch: int = 0, topic: str = "%") -> Balance:
    """All of it. The ledger's own proof must say what we counted ourselves."""
    found = balance(smelt, sent, epoch, topic)
    if found.lost == found.duplicated == 0:
        smelt.audit()
        assert_gold_follows(smelt)
    else:
        result = smelt.run("audit")
        print(f"{found}; smelt audit: exit {result.code}: {result.stdout}")
    return found


def add(one: Balance, other: Balance) -> Balance:
    return replace(one, lost=one.lost + other.lost, duplicated=one.duplicated + other.duplicated, rows=one.rows + other.rows)


def snapshot_of(data: Path) -> Path:
    return data / "snapshots" / (data / "snapshots/CURRENT").read_text().strip()
