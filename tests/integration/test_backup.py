"""Backup and restore: a copy that is whole or refused, made beside a running pipeline, and a lake from it that goes on where it ended."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import FREE_PORT, Smelt, Topic, assert_same, events, eventually, free_port, is_ready, refined, serving


@pytest.fixture
def folder(smelt: Smelt) -> Path:
    return smelt.folder / "backup"


def manifest(folder: Path) -> dict:
    return json.loads((folder / "MANIFEST.json").read_text().split("\n", 1)[1])


def forget(smelt: Smelt) -> None:
    """The machine is lost: nothing of data.dir is left."""
    shutil.rmtree(smelt.data)


def test_a_backup_grows_by_what_is_new_and_comes_back_whole(smelt: Smelt, topic: Topic, folder: Path) -> None:
    sent = topic.send([*events(0, 500), b"rubbish", *events(0, 30)])
    smelt("ingest")
    smelt("refine")
    first = smelt("backup", folder)
    assert (first["batches"], first["landed"]) == (1, 500)
    assert smelt("backup", folder)["batches"] == 0
    sent += topic.send(events(500, 200))
    smelt("ingest", "--set", "ingest.batch_rows=60")
    second = smelt("backup", folder)
    assert second["batches"] >= 3 and second["landed"] == 700
    assert len(manifest(folder)["segments"]) == len(list(folder.glob("segment-*.duckdb"))) == 2
    smelt("refine")
    before = refined(smelt)
    identity = smelt.value("SELECT lake_id FROM lake_identity")
    forget(smelt)
    sent += topic.send(events(700, 40))  # what came after the backup
    restored = smelt("restore", folder)
    assert (restored["landed"], restored["duplicates"], restored["rejected"], restored["next"]) == (700, 30, 1, "smelt ingest")
    assert smelt.rows("SELECT lake_id, generation FROM lake_identity") == [(identity, 2)]
    smelt("refine")
    assert_same(before, refined(smelt))
    assert smelt("ingest")["landed"] == 40
    smelt.assert_holds(sent)
    assert smelt.audit()["offsets"] == len(sent)


def test_an_existing_lake_is_never_overwritten(smelt: Smelt, topic: Topic, folder: Path) -> None:
    topic.send(events(0, 50))
    smelt("ingest")
    smelt("backup", folder)
    before = smelt.lake.read_bytes()
    result = smelt.run("restore", folder)
    assert result.code == 65 and "is not overwritten" in result.error
    assert smelt.lake.read_bytes() == before


@pytest.mark.parametrize("damage", ["flipped", "truncated", "missing", "manifest"])
def test_a_damaged_backup_is_refused(smelt: Smelt, topic: Topic, folder: Path, damage: str) -> None:
    topic.send(events(0, 200))
    smelt("ingest")
    smelt("backup", folder)
    path = next(folder.glob("segment-*")) if damage != "manifest" else folder / "MANIFEST.json"
    data = bytearray(path.read_bytes())
    if damage == "truncated":
        path.write_bytes(data[:-100])
    elif damage == "missing":
        path.unlink()
    else:
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    forget(smelt)
    result = smelt.run("restore", folder)
    assert result.code == 65 and path.name in result.error, result
    assert not smelt.lake.exists()


def test_no_backup_and_the_wrong_folder(smelt: Smelt, topic: Topic, folder: Path, new_smelt: Callable[..., Smelt]) -> None:
    assert smelt.run("restore", folder).code == 65
    topic.send(events(0, 50))
    smelt("ingest")
    smelt("backup", folder)
    other = new_smelt(topic, "other")
    other("ingest")
    result = other.run("backup", folder)
    assert result.code == 65 and "another lake" in result.error


def test_a_restored_lake_that_is_behind_its_mark_is_recovered(smelt: Smelt, topic: Topic, folder: Path) -> None:
    sent = topic.send(events(0, 300))
    smelt("ingest")
    smelt("backup", folder)
    sent += topic.send(events(300, 300))
    smelt("ingest")
    smelt.lake.unlink()  # the mark is left
    restored = smelt("restore", folder)
    assert (restored["offsets_behind_mark"], restored["next"]) == (300, "smelt recover")
    assert smelt.run("ingest").code == 65
    assert smelt("recover", "--yes")["landed"] == 300
    smelt.assert_holds(sent)
    again = smelt("backup", folder)  # of the new generation: what the folder had is kept
    assert again["anew"] and again["landed"] == 600
    assert len(list(folder.glob("MANIFEST.json.aside-*"))) == 1


def test_recover_takes_the_backup_for_what_kafka_no_longer_has(smelt: Smelt, topic: Topic, folder: Path) -> None:
    sent = topic.send(events(0, 400))
    smelt("ingest")
    smelt("backup", folder)
    sent += topic.send(events(400, 100))
    smelt("ingest")
    smelt.lake.unlink()
    for partition in (0, 1):
        topic.delete_records(partition, 150)
    assert smelt.run("recover").code == 65
    plan = smelt("recover", "--backup", folder)
    assert plan["base"] == "backup" and plan["lost"] == [] and plan["to_replay"] == 100
    done = smelt("recover", "--yes", SMELT_BACKUP_DIR=str(folder))
    assert done["landed"] == 100 and done["offsets"] == 500
    smelt.assert_holds(sent)


def test_recover_prefers_the_backup_to_a_lake_that_fell_further_back(smelt: Smelt, topic: Topic, folder: Path) -> None:
    sent = topic.send(events(0, 200))
    smelt("ingest")
    shutil.copy(smelt.lake, smelt.folder / "yesterday")
    sent += topic.send(events(200, 200))
    smelt("ingest")
    smelt("backup", folder)
    sent += topic.send(events(400, 50))
    smelt("ingest")
    shutil.copy(smelt.folder / "yesterday", smelt.lake)
    topic.delete_records(0, 190)
    done = smelt("recover", "--yes", "--backup", folder)
    assert done["base"] == "backup" and done["lost"] == [] and done["landed"] == 50
    smelt.assert_holds(sent)
    smelt.audit()


def test_up_and_run_make_their_backups_themselves(smelt: Smelt, topic: Topic, folder: Path) -> None:
    backups = ("--set", f"backup.dir={folder}", "--set", "backup.interval=0s")
    topic.send(events(0, 100))
    smelt("run", *backups)
    assert manifest(folder)["mark"]["landed"] == 100
    running = smelt.start("up", *FREE_PORT, *backups)
    topic.send(events(100, 100))
    running.wait_for_log("listening at ")
    result = smelt.run("backup", folder)
    assert result.code == 75 and "smelt up" in result.error  # the lake has one writer
    eventually("the backup of what up landed", lambda: manifest(folder)["mark"]["landed"] == 200)
    waiting = smelt.start("backup", "--wait", "30s", folder)
    assert running.end().code == 0
    assert waiting.wait().code == 0
    forget(smelt)
    assert smelt("restore", folder)["landed"] == 200


def test_a_backup_that_cannot_be_made_stops_nothing(smelt: Smelt, topic: Topic) -> None:
    (smelt.folder / "in the way").write_text("x")
    topic.send(events(0, 100))
    result = smelt.run("run", "--set", f"backup.dir={smelt.folder}/in the way")
    assert result.code == 0 and "in the way" in result.stderr


def test_killed_while_it_is_made_the_backup_is_the_one_before(smelt: Smelt, topic: Topic, folder: Path) -> None:
    topic.send(events(0, 2000))
    smelt("ingest")
    smelt("backup", folder)
    total, hits = 2000, 0
    for _ in range(4):
        topic.send(events(total, 2000))
        total += 2000
        smelt("ingest")
        running = smelt.start("backup", folder)
        eventually("the segment begun", lambda: not running.is_running() or any(folder.glob("*.tmp")))
        hits += running.kill()
        copy = smelt.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        landed = smelt("restore", folder, SMELT_DATA_DIR=str(copy))["landed"]
        assert landed in (total - 2000, total)
        smelt("backup", folder)
        assert manifest(folder)["mark"]["landed"] == total
    assert hits > 0, "the kills did not hit the work"


@pytest.mark.parametrize("damage", ["flipped", "truncated", "missing"])
def test_a_damaged_file_is_seen_and_written_again(smelt: Smelt, topic: Topic, folder: Path, damage: str) -> None:
    for number in range(3):
        topic.send(events(number * 100, 100))
        smelt("ingest")
        smelt("backup", folder)
    path = sorted(folder.glob("segment-*"))[1]
    whole = path.read_bytes()
    match damage:
        case "flipped":
            path.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
        case "truncated":
            path.write_bytes(whole[:5000])
        case "missing":
            path.unlink()
    (backup,) = (part for part in smelt.run("status", "--set", f"backup.dir={folder}").summary["components"] if part["name"] == "backup")
    if damage != "flipped":  # that is only seen by reading the file
        assert backup["state"] != "ok" and path.name in backup["detail"], backup
    done = smelt("backup", folder, *(["--verify"] if damage == "flipped" else []))
    assert done["mended"] == 2 and done["landed"] == 300
    assert smelt("backup", "--verify", folder)["mended"] == 0
    forget(smelt)
    assert smelt("restore", folder)["landed"] == 300


@pytest.mark.parametrize("place", ["", "data", "data/", "data/snapshots", "data/snapshots/backup", "data/models", "data/new/../snapshots", "link"])
def test_a_backup_is_not_put_where_the_lake_is(smelt: Smelt, topic: Topic, place: str) -> None:
    topic.send(events(0, 10))
    smelt("run")
    (smelt.data / "new").mkdir()
    (smelt.folder / "link").symlink_to(smelt.data / "snapshots")
    before = sorted(smelt.data.rglob("*"))
    where = str(smelt.data) + place.removeprefix("data") if place.startswith("data") else place and str(smelt.folder / place)
    result = smelt.run("backup", where)
    assert result.code == 64 and "choose a folder outside of data.dir" in result.error, result
    if place:
        for command in ("run", "up"):
            result = smelt.run(command, *(FREE_PORT if command == "up" else ()), "--set", f"backup.dir={where}")
            assert result.code == 78 and result.error.startswith("backup.dir: "), result
    assert sorted(smelt.data.rglob("*")) == before


def test_a_lake_is_not_restored_beside_the_files_of_its_backup(smelt: Smelt, topic: Topic, folder: Path) -> None:
    topic.send(events(0, 10))
    smelt("ingest")
    smelt("backup", folder)
    before = sorted(folder.iterdir())
    result = smelt.run("restore", folder, SMELT_DATA_DIR=str(folder))
    assert result.code == 64 and "choose another data.dir" in result.error, result
    assert sorted(folder.iterdir()) == before
    assert smelt.run("restore", "").code == 64


def test_the_backup_of_another_lake_is_none_of_this_one(smelt: Smelt, topic: Topic, folder: Path, new_smelt: Callable[..., Smelt]) -> None:
    """The status called it ok: 50 events, made a minute ago."""
    topic.send(events(0, 50))
    smelt("ingest")
    smelt("backup", folder)
    other = new_smelt(topic, "other")
    other("ingest")
    found = {part["name"]: part for part in other.run("status", "--set", f"backup.dir={folder}").summary["components"]}
    assert found["backup"]["state"] == "degraded" and "the backup of another lake" in found["backup"]["detail"], found["backup"]
    own = {part["name"]: part for part in smelt.run("status", "--set", f"backup.dir={folder}").summary["components"]}
    assert own["backup"]["state"] == "ok", own["backup"]


@pytest.mark.parametrize("command", [["ingest"], ["run"], ["refine"], ["backup"]], ids=lambda command: command[0])
def test_no_new_lake_is_begun_where_there_is_only_a_backup(smelt: Smelt, topic: Topic, folder: Path, command: list[str]) -> None:
    """The volume of data.dir is not mounted: its folder is empty, and Kafka may not have the old events any more."""
    backup = ("--set", f"backup.dir={folder}")
    sent = topic.send(events(0, 100))
    smelt("ingest")
    smelt("backup", folder)
    volume = smelt.folder / "volume"
    smelt.data.rename(volume)
    smelt.data.mkdir()
    refused = smelt.run(*command, *backup)
    assert refused.code == 65 and "is the volume of data.dir mounted?" in refused.error and "100 events" in refused.error, refused
    assert not smelt.lake.exists()
    (lake,) = [part for part in smelt.run("status", *backup).summary["components"] if part["name"] == "lake"]
    assert "is its volume mounted?" in lake["detail"], lake
    forget(smelt)
    volume.rename(smelt.data)
    assert smelt.run(*command, *backup).code == 0
    smelt.assert_holds(sent)


def test_up_waits_for_the_volume_of_its_lake(smelt: Smelt, topic: Topic, folder: Path) -> None:
    topic.send(events(0, 100))
    smelt("ingest")
    smelt("backup", folder)
    volume = smelt.folder / "volume"
    smelt.data.rename(volume)
    smelt.data.mkdir()
    running = smelt.start("up", "--set", f"http.listen=127.0.0.1:{free_port()}", "--set", f"backup.dir={folder}")
    api = serving(running)
    assert "is the volume of data.dir mounted?" in api.get("/readyz", 503)["detail"]
    for file in volume.iterdir():
        file.replace(smelt.data / file.name)  # a mount: the lock file, too, is another one
    eventually("it goes on", lambda: is_ready(api))
    assert api.get("/api/v1/overview")["events"]["bronze"] == 100
    assert running.end(seconds=15).code == 0


@pytest.mark.parametrize("more", [[40, 60], [100, 1]], ids=["other sizes", "same sizes"])
def test_a_lake_that_was_put_back_does_not_spoil_its_backup(smelt: Smelt, topic: Topic, folder: Path, more: list[int]) -> None:
    """All of data.dir is an older copy, as after the snapshot of a machine: what is committed then has the numbers of other commits. The backup took both for
    one history, and could not be restored."""
    sent = topic.send(events(0, 100))
    smelt("ingest")
    smelt("backup", folder)
    older = smelt.folder / "older"
    shutil.copytree(smelt.data, older)
    sent += topic.send(events(100, 100))
    smelt("ingest")
    smelt("backup", folder)
    forget(smelt)
    older.rename(smelt.data)
    assert smelt("ingest")["landed"] == 100  # in one commit, as before
    for first, n in zip((200, 300), more, strict=True):
        sent += topic.send(events(first, n))
        smelt("ingest")
    again = smelt("backup", folder)
    assert again["anew"] and again["landed"] == 200 + sum(more)
    assert len(list(folder.glob("MANIFEST.json.aside-*"))) == 1
    assert smelt("backup", folder)["batches"] == 0
    forget(smelt)
    smelt("restore", folder)
    assert smelt("ingest")["landed"] == 0
    smelt.assert_holds(sent)
    assert smelt.audit()["ok"]
