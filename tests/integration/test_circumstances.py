"""What is in the way of a smelt is not the lake's fault: rights, limits of the process, a disk that is too small. The message says what to do about it."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from pathlib import Path

import pytest
from faults.injection import Injection
from harness import FREE_PORT, ROOT, Result, Running, Smelt, Topic, billing, encode, events, eventually, filled, first_run_is_over, free_port, history, is_ready, judged, serving

PLAIN = ROOT / "build/release/smelt"  # sanitizers need address space of their own
WITHOUT_RIGHTS = ("setpriv", "--inh-caps=-all", "--bounding-set=-all") if os.geteuid() == 0 else ()


def run_behind(prefix: tuple[str, ...], smelt: Smelt, *args: str) -> Result:
    done = subprocess.run([*prefix, *smelt.command(args)], env=smelt.env, cwd=smelt.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return judged(Result(done.returncode, done.stdout, done.stderr))


def test_rights_that_are_missing_are_no_damage(offline: Smelt) -> None:
    smelt = filled(offline)
    smelt.lake.chmod(0)
    for command in ("refine", "audit"):
        refused = run_behind(WITHOUT_RIGHTS, smelt, command)
        assert refused.code == 74 and "look at the owner and the rights of the files in data.dir" in refused.error, refused
        assert "recover" not in refused.error
    smelt.lake.chmod(0o600)
    folder = smelt.data / "snapshots"
    for path, mode in ((folder, 0o700), (folder / "CURRENT", 0o600), (folder / "gen-00000001.duckdb", 0o600)):
        path.chmod(0)
        refused = run_behind(WITHOUT_RIGHTS, smelt, "sql", "SELECT 1")
        path.chmod(mode)
        assert refused.code in (69, 74) and "Permission denied" in refused.error and "right" in refused.error, refused
        assert "nothing was published" not in refused.error and "publish --full" not in refused.error


def test_too_few_files_may_be_open(offline: Smelt) -> None:
    smelt = filled(offline)
    refused = [run_behind(("prlimit", f"--nofile={limit}"), smelt, "refine") for limit in range(6, 12)]
    said = [one.error for one in refused if one.code != 0 and one.stdout]
    assert any("raise the limit of open files" in text for text in said), refused
    assert not any("recover" in text for text in said), said
    assert smelt("refine")["silver"] == 0


def test_too_little_memory_to_open_a_lake(offline: Smelt) -> None:
    """DuckDB's allocator ended the process by a signal, or its settings could not be made: "please report this"."""
    assert PLAIN.exists(), f"{PLAIN} is not there: run tools/build release"
    smelt = filled(offline)
    plain = Smelt(PLAIN, smelt.folder)
    for limit in range(70_000_000, 140_000_000, 5_000_000):
        refused = run_behind(("prlimit", f"--as={limit}"), plain, "refine")
        assert refused.code == 78 and "Next: give this process more memory" in refused.error, (limit, refused)
    assert smelt("refine")["silver"] == 0


@pytest.mark.parametrize("command", [["ingest"], ["run"], ["status"], ["up", *FREE_PORT], ["serve", *FREE_PORT]], ids=lambda command: command[0])
def test_too_few_threads_may_run(binary: Path, smelt: Smelt, topic: Topic, tmp_path: Path, command: list[str]) -> None:
    """As with pids.max of a container: no command waits without end for a thread that could not be started, and none is aborted by it."""
    topic.send(events(0, 5))
    filled(smelt)
    leaks = smelt.env.get("ASAN_OPTIONS", "") + ":detect_leaks=0"  # librdkafka forgets brokers without a thread
    for limit in (0, 1, 2, 3, 4, 5, 6):
        injection = Injection(binary, tmp_path, smelt.data, FAULT_THREADS=str(limit), ASAN_OPTIONS=leaks)
        running = smelt.start(*command, **injection.env)
        if command[0] in ("up", "serve"):
            eventually("a thread that could not be started", injection.fired)
        ended = running.end() if command[0] in ("up", "serve") else running.wait()
        assert injection.fired() or limit > 0
        assert ended.code in (0, 69, 74), (limit, ended)
        assert ended.code != 74 or "thread" in ended.error, (limit, ended)
    assert smelt.audit()["missing"] == 0


def test_a_file_that_may_not_grow_is_an_error_of_the_write(offline: Smelt) -> None:
    """SIGXFSZ would end the process without a word."""
    (offline.folder / "in.jsonl").write_bytes(b"\n".join(events(0, 3000)))
    refused = run_behind(("prlimit", "--fsize=300000"), offline, "ingest", "--from", str(offline.folder / "in.jsonl"))
    assert refused.code == 74, refused
    assert offline("ingest", "--from", offline.folder / "in.jsonl")["landed"] == 3000


def test_a_disk_that_is_smaller_than_the_reserve(offline: Smelt) -> None:
    (offline.folder / "in.jsonl").write_bytes(b"\n".join(events(0, 10)))
    refused = offline.run("ingest", "--from", offline.folder / "in.jsonl", "--set", "disk.reserve=900000GB")
    assert refused.code == 74 and "set disk.reserve lower, or take a larger disk" in refused.error, refused


def test_no_folder_of_a_name_that_duckdb_takes_for_another(offline: Smelt) -> None:
    """A folder called ~ is a trap for whoever removes it."""
    for name in ("~lake", "a?b"):
        assert offline.run("refine", SMELT_DATA_DIR=name).code in (69, 78)
        assert offline.run("run", SMELT_DATA_DIR=name).code == 78
    assert not list(offline.folder.glob("~*")) and not list(offline.folder.glob("a*")), list(offline.folder.iterdir())


def test_a_data_dir_that_is_no_folder_says_what_it_is(offline: Smelt) -> None:
    (offline.folder / "in.jsonl").write_bytes(b"\n".join(events(0, 3)))
    (offline.folder / "file").write_text("x")
    (offline.folder / "dangling").symlink_to("nowhere")
    (offline.folder / "loop").symlink_to("loop")
    offline("ingest", "--from", "in.jsonl")
    cases = {
        "dangling": "'dangling' is a symbolic link to 'nowhere', which is not there. Next: make that folder",
        "dangling/data": "'dangling' is a symbolic link to 'nowhere', which is not there. Next: make that folder",
        "loop": "'loop' is a symbolic link to 'loop', and leads back to itself. Next: remove it",
        "file": "'file' is a file, expected a folder. Next: move it away",
        "file/data": "'file' is a file, expected a folder. Next: move it away",
        "n" * 256: "a name in it is too long (at most 255 bytes",
    }
    for name, words in cases.items():
        for command in (("ingest", "--from", "in.jsonl"), ("backup", "--set", f"backup.dir={name}")):
            refused = offline.run(*command, **({"SMELT_DATA_DIR": name} if command[0] == "ingest" else {}))
            assert refused.code == 74 and words in refused.error, (name, refused)
    (offline.folder / "there").mkdir()
    (offline.folder / "link").symlink_to("there")
    assert offline("ingest", "--from", "in.jsonl", SMELT_DATA_DIR="link")["landed"] == 3
    assert offline.run("ingest", "--from", "in.jsonl", SMELT_DATA_DIR="link\n").code == 78
    assert not list(offline.folder.glob("link?")), "no folder of a name that nobody meant"


@pytest.mark.parametrize("command", [["ingest", "--follow"], ["up", *FREE_PORT]], ids=["ingest", "up"])
def test_the_end_of_a_terminal_is_a_clean_end(smelt: Smelt, topic: Topic, command: list[str]) -> None:
    running = smelt.start(*command)
    topic.send(events(0, 50))
    eventually("landed", lambda: topic.committed(topic.name) == 50)
    assert running.end(signal.SIGHUP).code == 0
    assert smelt.audit()["landed"] == 50


def test_under_nohup_the_end_of_a_terminal_ends_nothing(offline: Smelt) -> None:
    smelt = filled(offline)
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    running = smelt.start("serve", *FREE_PORT, inherit_signals=True)
    signal.signal(signal.SIGHUP, old)
    url = serving(running).url
    running.process.send_signal(signal.SIGHUP)
    assert running.is_running() and url
    assert running.end().code == 0


def test_a_writer_whose_lake_was_removed_stores_nothing_more(smelt: Smelt, topic: Topic) -> None:
    """What it would write went with the file that has no name any more."""
    running = smelt.start("up", *FREE_PORT, "--set", "ingest.commit_interval=50ms")
    topic.send(events(0, 100))
    eventually("the first commit", lambda: topic.committed(topic.name) == 100)
    for file in smelt.data.glob("lake.duckdb*"):
        file.unlink()
    topic.send(events(100, 50))
    ended = running.wait()
    assert ended.code == 75 and "lake.duckdb is not the file that this process opened: it was removed or replaced" in ended.error, ended
    assert topic.committed(topic.name) == 100
    smelt("recover", "--yes")
    smelt("ingest")
    assert smelt.audit()["landed"] == 150


def test_an_idle_writer_is_not_ready_while_it_could_store_nothing(smelt: Smelt, topic: Topic) -> None:
    """The lake's file went with its volume, or data.dir may not be written any more: said within seconds, once in the log, and good again when it is back."""
    smelt("ingest")
    smelt("refine")
    running = Running([*WITHOUT_RIGHTS, *smelt.command(["up", *FREE_PORT])], smelt.env, smelt.folder)
    smelt.started.append(running)
    api = serving(running)
    eventually("its first run is over: it is idle", lambda: first_run_is_over(api))
    eventually("ready", lambda: api.ask("/readyz")[0] == 200)
    aside = smelt.folder / "aside.duckdb"

    def leave() -> None:
        smelt.lake.rename(aside)

    def come_back() -> None:
        aside.rename(smelt.lake)

    for away, back, words in ((leave, come_back, "removed or replaced"), (lambda: smelt.data.chmod(0o500), lambda: smelt.data.chmod(0o700), "cannot be written")):
        away()
        eventually("not ready", lambda: api.ask("/readyz")[0] == 503)
        detail = api.get("/readyz", 503)["detail"]
        assert words in detail and "Next: " in detail, detail
        back()
        eventually("ready again", lambda: api.ask("/readyz")[0] == 200)
        of_the_lake = [line for line in running.stderr.splitlines() if words in line and '"component":"lake"' in line]
        assert len(of_the_lake) == 1, running.stderr  # a run that was under way says it for itself
    assert running.end().code == 0
    assert topic.committed(topic.name) <= 0


def test_up_goes_on_once_it_has_the_rights(smelt: Smelt, topic: Topic) -> None:
    """Rights that are given, or a volume that is mounted for writing again, touch no file."""
    topic.send(events(0, 100))
    smelt("run")
    smelt.lake.chmod(0)
    running = Running([*WITHOUT_RIGHTS, *smelt.command(["up", "--set", f"http.listen=127.0.0.1:{free_port()}"])], smelt.env, smelt.folder)
    smelt.started.append(running)
    api = serving(running)
    assert "Permission denied" in api.get("/readyz", 503)["detail"]
    assert api.get("/api/v1/overview")["generation"] == 1
    smelt.lake.chmod(0o600)
    eventually("it goes on", lambda: is_ready(api))
    topic.send(events(100, 20))
    eventually("it lands", lambda: topic.committed(topic.name) == 120)
    assert running.end().code == 0


def test_a_batch_that_cannot_be_stored_is_not_called_ready(smelt: Smelt, topic: Topic) -> None:
    """A quota, or no inodes: the disk has room by its numbers, and each write fails."""
    topic.send(events(0, 200))
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # inherited; the limit of file sizes plays the quota
    try:
        running = smelt.start("up", *FREE_PORT, "--set", "ingest.batch_rows=3000", inherit_signals=True)
    finally:
        signal.signal(signal.SIGXFSZ, before)
    api = serving(running)
    eventually("the first events", lambda: topic.committed(topic.name) == 200)
    eventually("ready", lambda: api.ask("/readyz")[0] == 200)
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    topic.send(events(200, 100))
    eventually("not ready", lambda: api.ask("/readyz")[0] == 503)
    detail = api.get("/readyz", 503)["detail"]
    assert "nothing is stored" in detail and "cannot write" in detail and "File too large. Next: " in detail, detail
    assert "TransactionContext" not in detail and "COMMIT" not in detail
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    eventually("all of it", lambda: topic.committed(topic.name) == 300)
    eventually("ready again", lambda: api.ask("/readyz")[0] == 200)
    assert running.end().code == 0
    assert smelt.audit()["landed"] == 300


def test_what_root_does_once_locks_the_user_of_the_pipeline_out_of_nothing(offline: Smelt) -> None:
    if os.geteuid() != 0:
        return  # only root can give files away
    os.chown(offline.folder, 65534, 65534)
    filled(offline)
    offline("token", "create", "x", "--scopes", "admin")
    offline("backup", "backup")
    offline("audit")
    of_root = [str(path) for path in offline.folder.rglob("*") if path.stat().st_uid == 0 and path.name not in ("events.jsonl",)]
    assert of_root == [], of_root


def test_what_was_mended_before_it_was_looked_at_ends_no_live_lake(binary: Path, smelt: Smelt, topic: Topic) -> None:
    """An error of a folder that is well when `up` looks."""
    history(smelt, 2000, faults=0)
    smelt("ingest")
    smelt("refine")
    once = Injection(binary, smelt.folder, smelt.folder, "on=rename file=CURRENT* times=1 do=eio")
    running = smelt.start("up", *FREE_PORT, "--set", "up.publish_interval=1s", **once.env)
    api = serving(running)
    eventually("it is published", lambda: (smelt.data / "snapshots/CURRENT").exists() or not running.is_running())
    assert once.fired(), "no error happened"
    assert api.get("/readyz")
    assert "once more" in running.stderr
    assert running.end().code == 0


@pytest.mark.parametrize("folder", ["snapshots", "models"])
def test_a_folder_that_cannot_be_written_ends_no_live_lake(smelt: Smelt, topic: Topic, folder: str) -> None:
    """It may be another volume, which is read-only or not there: here, a file is in its place."""
    smelt("produce", "--events", "4000", "--days", "10", "--seed", "3")
    smelt("ingest")
    smelt("refine")
    smelt.data.joinpath(folder).write_text("")
    running = smelt.start("up", *FREE_PORT, "--set", "up.publish_interval=1s", "--set", "status.interval=200ms")
    api = serving(running)
    running.wait_for_log("The live lake goes on without it")

    def landed() -> int:
        return int(api.get("/api/v1/overview")["events"]["bronze"])

    before = landed()
    topic.send(events(0, 20))
    eventually("it lands", lambda: landed() == before + 20)
    assert api.get("/readyz")

    def told() -> bool:
        found = [part for part in api.get("/api/v1/status")["components"] if part["name"] == "runs"]
        return bool(found) and found[0]["state"] == "degraded" and folder in found[0]["detail"]

    eventually("the status has the reason", told)
    smelt.data.joinpath(folder).unlink()
    eventually("it is published", lambda: (smelt.data / "snapshots/CURRENT").exists())
    assert running.end().code == 0


def test_messages_that_are_no_events_are_listed_before_the_first_refine(offline: Smelt) -> None:
    (offline.folder / "in.jsonl").write_text('{"time": "yesterday", "what": "caf\u00e9"}\nno json\n', encoding="utf-8")
    assert offline("ingest", "--from", offline.folder / "in.jsonl")["rejected"] == 2
    listed = offline.run("quarantine", "list", json_summary=False)
    assert listed.code == 0 and '{"time": "yesterday"' in listed.stdout and "no json" in listed.stdout and "x22" not in listed.stdout, listed
    assert offline.run("quarantine", "show").code == 0
    offline("refine")
    assert "2 events in quarantine" in offline.run("quarantine", "list", json_summary=False).stdout


def test_one_is_not_many(offline: Smelt) -> None:
    """A counted word is right for 1, too."""
    (offline.folder / "in.jsonl").write_bytes(b"\n".join([encode(billing(1))] * 2) + b"\n{no json\n")
    told = [offline.run(*command, json_summary=False).stdout for command in (("ingest", "--from", "in.jsonl"), ("audit",), ("refine",), ("quarantine", "list"))]
    assert "1 landed, 1 duplicate, 1 rejected, 0 gaps" in told[0] and "1 landed + 1 duplicate + 1 rejected + 0 gaps" in told[1], told
    assert "1 event into Silver, 0 into quarantine, 1 subscriber" in told[2] and told[3].endswith("1 event in quarantine\n"), told
    assert "(1 event): 1 batch, " in offline.run("backup", "there", json_summary=False).stdout


def test_a_backup_goes_where_the_settings_say(offline: Smelt) -> None:
    smelt = filled(offline)
    assert smelt.run("backup").code == 64 and "backup.dir is not set" in smelt.run("backup").error
    there = {"SMELT_BACKUP_DIR": str(smelt.folder / "there")}
    landed = smelt("backup", **there)["landed"]
    restored = {"SMELT_DATA_DIR": str(smelt.folder / "other"), **there}
    assert smelt("restore", **restored)["landed"] == landed


def test_changes_since_a_generation_that_is_to_come(offline: Smelt) -> None:
    running = filled(offline).start("serve", *FREE_PORT)
    api = serving(running)
    assert "The newest is" in api.get("/api/v1/changes?since=9999", 400)["detail"].replace("the newest", "The newest")
    assert api.get("/api/v1/changes?since=1")["entered_total"] == 0
    assert running.end().code == 0
