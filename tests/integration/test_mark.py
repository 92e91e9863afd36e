"""The commit mark and the fence: what was committed and then taken back is noticed, and who was overtaken stores nothing."""

from __future__ import annotations

import os
import shutil
import signal

from harness import FREE_PORT, Running, Smelt, Topic, events, eventually


def test_a_log_that_was_cut_off_is_noticed_by_every_writer(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(90_000, 10))
    smelt("ingest")
    smelt.commit_and_kill(topic)
    os.truncate(smelt.log, smelt.log.stat().st_size // 2)
    for command in ("ingest", "refine", "run", "audit"):
        result = smelt.run(command)
        assert result.code == 65, result
        assert "behind its commit mark" in result.error and "smelt recover" in result.error
        assert f"{topic.name} partition 0: " in result.error and "was at 305" in result.error


def test_killed_between_commits_and_mark_nothing_is_claimed(smelt: Smelt, topic: Topic) -> None:
    """An older mark beside a newer lake is what a crash between the two leaves."""
    topic.send(events(0, 100))
    smelt("ingest")
    mark = smelt.data / "lake.mark"
    older = mark.read_bytes()
    topic.send(events(100, 100))
    smelt("ingest")
    newer = mark.read_bytes()
    assert older != newer
    mark.write_bytes(older)
    assert smelt("ingest")["landed"] == 0
    assert mark.read_bytes() != older
    mark.unlink()  # a lake of a version that kept none
    smelt("refine")
    assert b'"commit":2' in mark.read_bytes()
    smelt.audit()


def test_a_lake_file_that_is_gone_is_not_begun_anew(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(0, 100))
    smelt("ingest")
    smelt.lake.rename(smelt.data / "elsewhere")
    for command in ("ingest", "run", "refine"):
        result = smelt.run(command)
        assert result.code == 65 and "the lake is gone" in result.error and "100 events" in result.error, result
    assert not smelt.lake.exists()
    (smelt.data / "elsewhere").rename(smelt.lake)
    assert smelt.audit()["landed"] == 100


def test_the_mark_of_another_lake_is_refused(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(0, 100))
    smelt("ingest")
    kept = smelt.folder / "kept"
    smelt.data.rename(kept)
    smelt("ingest")
    shutil.copy(kept / "lake.mark", smelt.data / "lake.mark")
    result = smelt.run("ingest")
    assert result.code == 65 and "another lake" in result.error


def test_a_damaged_mark_is_said_and_set_aside(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(0, 100))
    smelt("ingest")
    mark = smelt.data / "lake.mark"
    mark.write_bytes(mark.read_bytes().replace(b'"commit":1', b'"commit":9'))
    result = smelt.run("ingest")
    assert result.code == 0 and "was damaged" in result.stderr
    (aside,) = smelt.data.glob("lake.mark.aside-*")
    assert b'"commit":9' in aside.read_bytes()
    assert b'"commit":1' in mark.read_bytes()


def stopped_while_following(smelt: Smelt, topic: Topic) -> Running:
    """A writer that has landed something, and is then stopped."""
    running = smelt.start("ingest", "--follow", "--set", "ingest.commit_interval=50ms")
    topic.send(events(0, 100))
    eventually("the first commit", lambda: topic.committed(topic.name) == 100)
    running.process.send_signal(signal.SIGSTOP)
    return running


def test_a_stopped_writer_keeps_its_lock(smelt: Smelt, topic: Topic) -> None:
    running = stopped_while_following(smelt, topic)
    result = smelt.run("ingest")
    assert result.code == 75 and f"pid {running.process.pid}: smelt ingest" in result.error
    running.process.send_signal(signal.SIGCONT)
    assert running.end().code == 0


def test_a_writer_that_was_overtaken_while_it_was_stopped_stores_nothing(smelt: Smelt, topic: Topic) -> None:
    """The lock file is removed and the lake is replaced behind it; a successor goes on. When it wakes it must not touch anything."""
    running = stopped_while_following(smelt, topic)
    (smelt.data / "smelt.lock").unlink()
    for name in ("lake.duckdb", "lake.duckdb.wal"):
        if (smelt.data / name).exists():
            shutil.copy(smelt.data / name, smelt.data / "copy")
            (smelt.data / "copy").replace(smelt.data / name)  # another inode, so that the stopped process' own lock on it is no help
    topic.send(events(100, 300))
    assert smelt("ingest")["landed"] == 300
    after = [(smelt.data / name).read_bytes() for name in ("lake.duckdb", "lake.mark", "smelt.lock")]
    running.process.send_signal(signal.SIGCONT)
    topic.send(events(400, 50))
    result = running.wait()
    assert result.code == 75 and "smelt.lock" in result.error, result
    assert [(smelt.data / name).read_bytes() for name in ("lake.duckdb", "lake.mark", "smelt.lock")] == after
    assert not smelt.log.exists()
    assert smelt("ingest")["landed"] == 50
    assert smelt.audit()["landed"] == 450


def test_a_successor_on_a_volume_without_flock_fences_the_first(smelt: Smelt, topic: Topic) -> None:
    """The successor could take the lock that is held elsewhere: it left its generation in the same file."""
    running = smelt.start("up", *FREE_PORT, "--set", "ingest.commit_interval=50ms")
    topic.send(events(0, 100))
    eventually("the first commit", lambda: topic.committed(topic.name) == 100)
    lock = smelt.data / "smelt.lock"
    assert "\ngeneration 1 " in lock.read_text()
    lock.write_text("pid 4711: smelt run\ngeneration 2 0123456789abcdef\n")
    topic.send(events(100, 50))
    result = running.wait()
    assert result.code == 75 and "taken over by pid 4711: smelt run" in result.error, result
    assert "landed" not in result.error
    ingested = smelt("ingest")
    assert ingested["landed"] == 50
    assert smelt.audit()["landed"] == 150
    assert "\ngeneration 3 " in lock.read_text()  # the ingest's; an audit takes no lock
