"""The way back: whatever happened to the lake's files, afterwards everything that Kafka still has is there once, and what it has not is named."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import re
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterable

import duckdb
import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource
from faults.brokers import keyed, left_in
from harness import Broker, Sent, Smelt, Topic, assert_same, encode, event, events, eventually, refined


def filled(smelt: Smelt, topic: Topic) -> list[Sent]:
    """Some commits in the file, and some in the write-ahead log alone."""
    sent = topic.send([*events(50_000, 300), b"rubbish", *events(50_000, 20)])
    smelt("ingest")
    return sent + smelt.commit_and_kill(topic)


def assert_recovered(smelt: Smelt, topic: Topic, sent: list[Sent]) -> None:
    """Each message once, the refined tables as a full rebuild makes them, and every writer goes on."""
    audit = smelt.audit()
    assert audit["offsets"] == len(sent) and audit["gaps"] == 0
    smelt.assert_holds(sent)
    assert smelt("recover")["needed"] is False
    more = topic.send(events(70_000, 50))
    assert smelt("ingest")["landed"] == 50
    smelt("refine")
    incremental = refined(smelt)
    smelt("refine", "--full")
    assert_same(incremental, refined(smelt))
    smelt.assert_holds(sent + more)
    assert smelt.value("SELECT count(*) - count(DISTINCT batch_id) FROM ledger_batches") == 0


def cut_log(smelt: Smelt, chance: random.Random) -> None:
    size = smelt.log.stat().st_size
    os.truncate(smelt.log, chance.randrange(size // 4, size * 3 // 4))


def flip_log(smelt: Smelt, chance: random.Random) -> None:
    data = bytearray(smelt.log.read_bytes())
    data[chance.randrange(100, len(data) // 2)] ^= 1 << chance.randrange(8)
    smelt.log.write_bytes(data)


def zero_log(smelt: Smelt, chance: random.Random) -> None:
    smelt.log.write_bytes(bytes(smelt.log.stat().st_size))


def garbage_in_log(smelt: Smelt, chance: random.Random) -> None:
    data = smelt.log.read_bytes()
    smelt.log.write_bytes(data[: len(data) // 2] + chance.randbytes(1000))


def remove_log(smelt: Smelt, chance: random.Random) -> None:
    smelt.log.unlink()


def flip_header(smelt: Smelt, chance: random.Random) -> None:
    """Both headers of the file: neither of them can be trusted any more."""
    data = bytearray(smelt.lake.read_bytes())
    for block in (1, 2):
        data[4096 * block + chance.randrange(16, 48)] ^= 0x40
    smelt.lake.write_bytes(data)


def zero_blocks(smelt: Smelt, chance: random.Random) -> None:
    """What is behind the headers: the file opens, or does not, but cannot be read."""
    data = bytearray(smelt.lake.read_bytes())
    data[3 * 4096 :] = bytes(len(data) - 3 * 4096)
    smelt.lake.write_bytes(data)


def truncate_file(smelt: Smelt, chance: random.Random) -> None:
    os.truncate(smelt.lake, smelt.lake.stat().st_size // 3)


def remove_file(smelt: Smelt, chance: random.Random) -> None:
    smelt.lake.unlink()


BEHIND, BROKEN = 65, 74  # it opens, but as an older state, or is not there; it cannot be read
DAMAGES = {
    cut_log: BEHIND,
    flip_log: BROKEN,
    zero_log: BEHIND,
    garbage_in_log: BROKEN,
    remove_log: BEHIND,
    flip_header: BROKEN,
    zero_blocks: BROKEN,
    truncate_file: BROKEN,
    remove_file: BEHIND,
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda f: f.__name__)
def test_damage_is_refused_and_recovered(smelt: Smelt, topic: Topic, damage: Callable[[Smelt, random.Random], None]) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    sent = filled(smelt, topic)
    damage(smelt, random.Random(seed))
    refused = smelt.run("ingest")
    assert refused.code == DAMAGES[damage] and "smelt recover" in refused.error, refused
    before = {path.name: path.read_bytes() for path in smelt.data.iterdir() if path.name != "smelt.lock"}
    plan = smelt("recover")
    assert plan["needed"] and not plan["done"] and plan["lost"] == [] and plan["to_replay"] > 0, plan
    after = {path.name: path.read_bytes() for path in smelt.data.iterdir() if path.name != "smelt.lock"}
    assert before == after, "a dry run changed something"
    done = smelt("recover", "--yes")
    assert done["done"] and done["offsets"] == len(sent), done
    assert done["landed"] + done["duplicates"] + done["rejected"] == plan["to_replay"]
    for aside in done["aside"]:
        name = aside.rsplit("/", 1)[1].split(".aside-")[0]
        assert (smelt.data / aside.rsplit("/", 1)[1]).read_bytes() == before[name]
    assert_recovered(smelt, topic, sent)


def test_a_lake_with_holes_is_filled_from_kafka(smelt: Smelt, topic: Topic) -> None:
    """It opens, and is at its mark; but rows are missing and others are there twice."""
    sent = topic.send(events(0, 500))
    smelt("ingest")
    with duckdb.connect(str(smelt.lake)) as conn:
        conn.execute("DELETE FROM bronze_raw_events WHERE kafka_offset BETWEEN 10 AND 19")
        conn.execute("INSERT INTO bronze_raw_events SELECT * FROM bronze_raw_events WHERE kafka_offset = 30")
    assert not smelt("audit", code=1)["ok"]
    plan = smelt("recover")
    assert "20 offsets are missing, 2 repeated" in plan["problem"] and plan["base"] == "nothing"
    smelt("recover", "--yes")
    assert_recovered(smelt, topic, sent)


def test_a_log_without_its_lake_is_applied_to_no_other(smelt: Smelt, topic: Topic) -> None:
    """Of `mv lake.duckdb lake.mark elsewhere`: the new lake could not be opened, with a page of DuckDB's stack, and `restore` named a file that was not there."""
    topic.send(events(0, 100))
    smelt("ingest")
    smelt("backup", smelt.folder / "backup")
    log = smelt.data / "lake.duckdb.wal"
    smelt.lake.rename(smelt.folder / "lake.duckdb")
    (smelt.data / "lake.mark").unlink()
    log.write_bytes(b"of another one" * 100)
    for command in ("ingest", "run", "refine"):
        refused = smelt.run(command)
        assert refused.code == 65 and f"the write-ahead log {log}" in refused.error and not smelt.lake.exists(), refused
    refused = smelt.run("restore", smelt.folder / "backup")
    assert refused.code == 65 and "lake.duckdb.wal exists" in refused.error, refused
    assert "the write-ahead log" in smelt.run("recover", json_summary=False).stdout
    log.unlink()
    assert smelt("ingest")["landed"] == 100


def test_nothing_to_recover(smelt: Smelt, topic: Topic) -> None:
    assert smelt("recover")["needed"] is False
    topic.send(events(0, 100))
    smelt("ingest")
    for options in ([], ["--yes"]):
        found = smelt("recover", *options)
        assert not found["needed"] and not found["done"] and found["steps"] == []
    assert smelt.value("SELECT generation FROM lake_identity") == 1


def test_an_old_copy_of_the_file_is_brought_forward(smelt: Smelt, topic: Topic) -> None:
    sent = topic.send(events(0, 200))
    smelt("ingest")
    shutil.copy(smelt.lake, smelt.folder / "yesterday")
    sent += topic.send(events(200, 300))
    smelt("ingest", "--set", "ingest.batch_rows=50")
    shutil.copy(smelt.folder / "yesterday", smelt.lake)
    done = smelt("recover", "--yes")
    assert done["landed"] == 300 and done["base"] == "lake"
    assert_recovered(smelt, topic, sent)


def test_what_kafka_no_longer_has_is_named_and_never_passed_over(smelt: Smelt, topic: Topic) -> None:
    sent = topic.send(events(0, 400))  # 200 in each partition
    smelt("ingest")
    shutil.copy(smelt.lake, smelt.folder / "yesterday")
    sent += topic.send(events(400, 200))
    smelt("ingest")
    shutil.copy(smelt.folder / "yesterday", smelt.lake)
    topic.delete_records(0, 240)
    lost = [{"topic": topic.name, "epoch": 0, "partition": 0, "from": 200, "to": 240}]
    for options in ([], ["--yes"]):
        result = smelt.run("recover", *options)
        assert result.code == 65 and result.summary["lost"] == lost and not result.summary["done"], result
        assert f"{topic.name} partition 0, offsets [200, 240)" in result.error and "--accept-loss" in result.error
    assert smelt.run("ingest").code == 65  # still
    done = smelt("recover", "--yes", "--accept-loss")
    assert done["accepted_loss"] == 40 and done["landed"] == 160 and done["lost"] == lost
    assert smelt.rows("SELECT kafka_partition, first_offset, next_offset, reason FROM bronze_gaps") == [(0, 200, 240, "lost")]
    audit = smelt.audit()
    assert (audit["offsets"], audit["landed"], audit["gaps"]) == (600, 560, 40)
    smelt.assert_holds(m for m in sent if not (m.partition == 0 and 200 <= m.offset < 240))
    smelt("ingest")


def damage_block(smelt: Smelt, table: str) -> None:
    """Flips a bit in a block that only this table uses."""
    with duckdb.connect(str(smelt.lake)) as conn:
        conn.execute(f'CREATE OR REPLACE TABLE "{table}" AS FROM "{table}" UNION ALL SELECT x.* FROM "{table}" x, range(3000)')
        conn.execute("CHECKPOINT")
        blocks = f"SELECT DISTINCT block_id FROM pragma_storage_info('{table}') WHERE block_id >= 0"
        others = conn.execute("SELECT table_name FROM duckdb_tables() WHERE table_name <> ?", [table]).fetchall()
        shared = {b for (name,) in others for (b,) in conn.execute(blocks.replace(f"'{table}'", f"'{name}'")).fetchall()}
        (block, *_) = sorted({b for (b,) in conn.execute(blocks).fetchall()} - shared)
    with smelt.lake.open("r+b") as file:
        file.seek(3 * 4096 + block * 262144 + 1000)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


def test_events_of_a_lake_whose_made_tables_are_damaged_are_not_called_lost(smelt: Smelt, topic: Topic) -> None:
    sent = topic.send(events(0, 400))
    smelt("ingest")
    smelt("refine")
    damage_block(smelt, "quality_progress")
    topic.delete_records(0, 150)
    result = smelt.run("recover", "--yes")
    assert result.code == 65 and "The damaged lake still has them" in result.error, result
    assert result.summary["can_be_copied"] and result.summary["lost_offsets"] == 150
    folder = smelt.folder / "rescue"
    smelt("backup", folder)
    done = smelt("recover", "--yes", "--backup", folder)
    assert done["base"] == "backup" and done["lost"] == [] and done["landed"] == 0
    smelt.assert_holds(sent)
    smelt("refine")


def test_a_lake_that_is_gone_and_so_is_its_topic(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(0, 100))
    smelt("ingest")
    smelt.lake.unlink()
    topic.delete()
    topic.create()
    result = smelt.run("recover")
    assert result.code == 65 and [(r["partition"], r["from"], r["to"]) for r in result.summary["lost"]] == [(0, 0, 50), (1, 0, 50)]
    done = smelt("recover", "--yes", "--accept-loss")
    assert done["accepted_loss"] == 100
    assert smelt.audit()["gaps"] == 100
    sent = topic.send(events(0, 60))
    assert smelt.run("ingest").code == 65  # it is another topic
    assert smelt("ingest", "--new-epoch")["landed"] == 60
    smelt.assert_holds(sent)
    assert smelt.rows("SELECT DISTINCT kafka_epoch FROM bronze_raw_events") == [(1,)]


def test_recover_needs_kafka_only_when_something_must_be_replayed(smelt: Smelt, topic: Topic) -> None:
    sent = filled(smelt, topic)
    cut_log(smelt, random.Random(1))
    away = {"SMELT_KAFKA_BOOTSTRAP": "127.0.0.1:1"}
    assert smelt.run("recover", "--yes", **away).code == 69
    assert smelt.run("ingest").code == 65
    assert smelt("recover", "--yes")["offsets"] == len(sent)
    assert smelt("recover", **away)["needed"] is False


def test_killed_while_it_recovers_it_is_done_again(smelt: Smelt, topic: Topic) -> None:
    sent = topic.send(events(0, 3000))
    smelt("ingest", "--set", "ingest.batch_rows=300")
    smelt.lake.unlink()
    hits = 0
    for wait in (0.15, 0.25, 0.35, 0.5, 0.8):
        running = smelt.start("recover", "--yes", "--set", "ingest.batch_rows=100")
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.process.wait(wait)
        hits += running.kill()
        result = smelt.run("ingest", "--set", "ingest.batch_rows=100")
        assert result.code in (0, 65), result
        if result.code == 0:  # it had come to its end
            break
    assert hits > 0, "the kills did not hit the work"
    smelt("recover", "--yes")
    assert_recovered(smelt, topic, sent)


def test_a_new_lake_without_a_commit_is_no_other_lake(smelt: Smelt, topic: Topic, new_smelt: Callable[..., Smelt]) -> None:
    """A recovery leaves one that is killed before it gave the new lake its identity: no reason to give up the mark."""
    sent = topic.send(events(0, 300))
    smelt("ingest")
    empty = new_smelt(name="empty", kafka_bootstrap="127.0.0.1:1")
    assert empty.run("run", "--set", "ingest.timeout=10ms", "--set", "run.attempts=1").code == 69
    shutil.copy(empty.lake, smelt.lake)
    assert smelt.run("ingest").code == 65
    assert smelt("recover", "--yes")["landed"] == 300
    assert_recovered(smelt, topic, sent)


def test_a_new_lake_without_an_identity_is_no_base(smelt: Smelt, topic: Topic, new_smelt: Callable[..., Smelt]) -> None:
    """Killed earlier, a recovery leaves a lake that has no identity yet: continued, it would get one that is foreign to the mark."""
    sent = topic.send(events(0, 300))
    smelt("ingest")
    empty = new_smelt(name="empty", kafka_bootstrap="127.0.0.1:1")
    assert empty.run("run", "--set", "ingest.timeout=10ms", "--set", "run.attempts=1").code == 69
    with duckdb.connect(str(empty.lake)) as lake:
        lake.execute("DROP TABLE lake_identity")
    shutil.copy(empty.lake, smelt.lake)
    assert smelt.run("ingest").code == 65
    assert smelt("recover", "--yes")["landed"] == 300
    assert_recovered(smelt, topic, sent)


def test_files_are_replayed_as_topics_are(offline: Smelt) -> None:
    (offline.folder / "e.jsonl").write_bytes(b"\n".join(events(0, 500)) + b"\n")
    offline("ingest", "--from", "e.jsonl")
    offline.lake.unlink()
    done = offline("recover", "--yes")
    assert done["landed"] == 500
    assert offline("ingest", "--from", "e.jsonl")["landed"] == 0
    assert offline.audit()["landed"] == 500


def test_a_lake_that_somebody_writes_is_left_alone(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(0, 10))
    running = smelt.start("ingest", "--follow")
    eventually("something committed", lambda: topic.committed(topic.name) > 0)
    assert smelt.run("recover", "--yes").code == 75
    assert running.end().code == 0


def compact(topic: Topic, keys: int) -> None:
    """Kafka keeps the newest message of each key alone, once it has looked; it looks at what is behind the newest segment."""
    config = {"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01", "delete.retention.ms": "0"}
    entries = [ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in config.items()]
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic.name, incremental_configs=entries)
    for answer in topic.broker.admin.incremental_alter_configs([resource]).values():
        answer.result(10)
    sent = itertools.count(500_000)

    def is_compacted() -> bool:
        send_keyed(topic, [next(sent) for _ in range(20)], keys)
        return len(left_in(topic)) < 60

    eventually("Kafka compacted the topic", is_compacted, 90)


def send_keyed(topic: Topic, numbers: Iterable[int], keys: int) -> None:
    for number in numbers:
        keyed(topic, f"key-{number % keys}", encode(event(number)))


@pytest.mark.parametrize("text", [False, True], ids=["json", "text"])
def test_what_compaction_took_is_said(new_smelt: Callable[..., Smelt], broker: Broker, text: bool) -> None:
    topic = broker.topic(f"t-{uuid.uuid4().hex[:12]}", 1)
    smelt = new_smelt(topic)
    send_keyed(topic, range(100), 5)
    assert smelt("ingest")["landed"] == 100
    compact(topic, 5)
    smelt.lake.unlink()
    assert "compaction" in " ".join(smelt("recover")["steps"])
    if text:
        done = smelt.run("recover", "--yes", json_summary=False)
        assert done.code == 0 and re.search(r"Gone: \d+ messages that the lake had", done.stdout), done
        assert re.search(rf"{topic.name} partition 0: of 100 offsets read again, \d+ ha(s|ve) no message any more", done.stdout), done
        return
    done = smelt("recover", "--yes")
    kept = smelt.value("SELECT count(*) FROM bronze_raw_events WHERE kafka_offset < 100")
    assert done["gone"] == 100 - kept > 50, done
    assert done["gone_partitions"] == [{"topic": topic.name, "epoch": 0, "partition": 0, "offsets": 100, "without_message": 100 - kept}]
    smelt.audit()
