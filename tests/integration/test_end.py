"""Clean ends, whatever runs, and a disk that is full for a while."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from faults.injection import Injection
from harness import FREE_PORT, Smelt, Topic, events, eventually, filled, first_run_is_over, serving
from test_access import ask, make_token


HISTORY = ("produce", "--seed", "3", "--days", "30", "--subscribers", "500", "--events", "150000")


@pytest.fixture(scope="module")
def large(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with many events that landed, and as many in a file that did not."""
    smelt = Smelt(binary, tmp_path_factory.mktemp("large"), kafka_bootstrap="127.0.0.1:1")
    smelt(*HISTORY, "--start", "2026-10-01", "--out", "landed.jsonl")
    smelt("ingest", "--from", "landed.jsonl", "--set", "ingest.batch_rows=100000")
    smelt(*HISTORY, "--start", "2026-11-01", "--out", "new.jsonl")
    return smelt.folder


AT_WORK = {  # a statement that each command logs when it begins with what takes long
    "refine": "refine/longest",
    "refine --full": "refine/drop_rebuild",
    "audit": "ledger/mark_positions",
    "run --from new.jsonl": "bronze/stage",
    "recover": "recover/ledger",
    "ingest --from new.jsonl": "bronze/stage",
    "backup b": "publish/attach",
}
IN_ONE_PIECE = ("refine", "audit", "recover", "backup b")  # may well be done before they are interrupted


@pytest.mark.xdist_group("large")  # made once for all of them
@pytest.mark.parametrize("command", AT_WORK)
def test_sigterm_ends_any_command_within_5_s(offline: Smelt, large: Path, command: str) -> None:
    """Also one long statement: it is rolled back, and done by the next run."""
    shutil.copytree(large, offline.folder, dirs_exist_ok=True)
    if "--full" in command:
        offline("refine")
    running = offline.start(*command.split(), "--set", "log.level=debug", "--set", "ingest.batch_rows=20000")
    running.wait_for_log(AT_WORK[command])
    result = running.end(signal.SIGTERM, 5)
    assert result.code == 130 or (result.code == 0 and command in IN_ONE_PIECE), result
    landed = offline.audit()["landed"]
    assert 150_000 <= landed < 300_000 if "new" in command else landed == 150_000
    done = offline("refine", "--full")
    assert done["silver"] + done["quarantined"] == landed


def test_a_second_signal_ends_at_once(smelt: Smelt, topic: Topic) -> None:
    topic.send(events(0, 50))
    running = smelt.start("ingest", "--follow")
    eventually("committed", lambda: topic.committed(topic.name) == 50)
    running.process.send_signal(signal.SIGSTOP)
    running.process.send_signal(signal.SIGTERM)
    running.process.send_signal(signal.SIGINT)
    running.process.send_signal(signal.SIGCONT)
    eventually("its end", lambda: not running.is_running())
    assert running.process.returncode in (128 + signal.SIGTERM, 128 + signal.SIGINT) and running.stdout == "", "it ended in order"
    assert smelt.audit()["landed"] == 50


@pytest.mark.parametrize("command", [["ingest", "--follow"], ["up", *FREE_PORT]], ids=["ingest", "up"])
def test_a_clock_that_goes_back_delays_no_end(binary: Path, smelt: Smelt, topic: Topic, tmp_path: Path, command: list[str]) -> None:
    """What waits just then, for a tenth of a second, waits no hour: neither for Kafka, nor when it is asked to end."""
    injection = Injection(binary, tmp_path, smelt.data).with_clock(0)
    running = smelt.start(*command, **injection.env)
    topic.send(events(0, 50))
    eventually("landed", lambda: topic.committed(topic.name) == 50)
    for offset in (3600, 0):
        injection.set_clock(offset)
        eventually("it saw the jump", lambda: injection.fired() and injection.fired()[-1].endswith(f" {offset}"))
        time.sleep(3)  # all that waits by that clock has begun to; a message would wake it
    assert running.end().code == 0
    assert smelt.audit()["landed"] == 50


# ---- full ----


@pytest.fixture
def disk(binary: Path, smelt: Smelt, tmp_path: Path) -> FakeDisk:
    return FakeDisk(binary, smelt.data, tmp_path)


class FakeDisk:
    """A disk on which the processes with its environment see no room while it is full; what others write on the real one is no matter."""

    def __init__(self, binary: Path, data: Path, folder: Path) -> None:
        self.full = folder / "full"
        self.env = Injection(binary, folder, data, f"on=write file=none room=0 times=0 do=enospc while={self.full}").env

    def fill(self) -> None:
        self.full.touch()

    def make_room(self) -> None:
        self.full.unlink()


def test_up_pauses_while_the_disk_is_full_and_goes_on_by_itself(smelt: Smelt, topic: Topic, disk: FakeDisk) -> None:
    sent = topic.send(events(0, 100))
    running = smelt.start("up", *FREE_PORT, **disk.env)
    api = serving(running)
    eventually("ready", lambda: api.ask("/readyz")[0] == 200)
    eventually("the first events", lambda: topic.committed(topic.name) == 100)
    disk.fill()
    eventually("not ready", lambda: api.ask("/readyz")[0] == 503)
    assert b"disk" in api.ask("/readyz")[2] and api.ask("/livez")[0] == 200
    running.wait_for_log("paused: the disk of")
    sent += topic.send(events(100, 100))
    told = eventually("status says so", lambda: [p for p in api.get("/api/v1/status")["components"] if p["name"] == "disk" and p["state"] == "down"])
    assert "paused" in told[0]["detail"]
    assert topic.committed(topic.name) == 100
    disk.make_room()
    eventually("it goes on", lambda: topic.committed(topic.name) == 200)
    eventually("ready again", lambda: api.ask("/readyz")[0] == 200)
    assert "there is space again" in running.stderr
    assert running.end().code == 0
    smelt.audit()
    smelt.assert_holds(sent)


@pytest.mark.parametrize("command", [["ingest", "--follow"], ["up", *FREE_PORT]], ids=["ingest", "up"])
def test_writes_that_fail_for_lack_of_space_are_done_when_there_is_some(smelt: Smelt, topic: Topic, command: list[str]) -> None:
    """The limit of file sizes plays the disk here: every write beyond it fails, also in the middle of a checkpoint."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # inherited
    try:
        running = smelt.start(*command, "--set", "ingest.batch_rows=3000", inherit_signals=True)
    finally:
        signal.signal(signal.SIGXFSZ, before)
    sent = topic.send(events(0, 2000, payload={"note": "x" * 300}))
    eventually("the first events", lambda: topic.committed(topic.name) == 2000)
    size = max(path.stat().st_size for path in smelt.data.glob("lake.duckdb*"))
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (size + 500_000, resource.RLIM_INFINITY))
    for first in range(2000, 30_000, 4000):
        sent += topic.send(events(first, 4000, payload={"note": "x" * 300}))
    running.wait_for_log("File too large")
    assert topic.committed(topic.name) < len(sent) and running.is_running()
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    eventually("all of it", lambda: topic.committed(topic.name) == len(sent))
    assert running.end().code == 0
    smelt.audit()
    smelt.assert_holds(sent)


def test_a_disk_that_hangs_is_not_called_ready(smelt: Smelt, topic: Topic, binary: Path, tmp_path: Path) -> None:
    """It gives no error: the write does not end."""
    hangs = tmp_path / "hangs"
    env = Injection(binary, tmp_path, smelt.data, f"on=write,sync file=lake.duckdb.wal times=0 do=hold while={hangs}").env
    running = smelt.start("up", *FREE_PORT, "--set", "up.publish_interval=1h", **env)
    api = serving(running)
    topic.send(events(0, 100))
    eventually("the first events", lambda: topic.committed(topic.name) == 100)
    eventually("its first run is over: for an hour nothing but landing and refining writes", lambda: first_run_is_over(api))
    eventually("ready", lambda: api.ask("/readyz")[0] == 200)
    hangs.touch()
    topic.send(events(100, 100))
    eventually("not ready", lambda: api.ask("/readyz")[0] == 503, seconds=45)
    assert "storing a batch has not ended for" in api.get("/readyz", 503)["detail"] and api.ask("/livez")[0] == 200
    hangs.unlink()
    eventually("it goes on", lambda: topic.committed(topic.name) == 200)
    eventually("ready again", lambda: api.ask("/readyz")[0] == 200)
    assert running.end().code == 0
    assert smelt.audit()["landed"] == 200


def test_probes_are_answered_at_once_while_a_commit_hangs(offline: Smelt, binary: Path, tmp_path: Path) -> None:
    """DuckDB writes a small commit under the lock with which every query begins: none is answered any more."""
    filled(offline, 200)
    token = make_token(offline, "anna", "admin")
    hangs = tmp_path / "hangs"
    env = Injection(binary, tmp_path, offline.data, f"on=write,sync file=lake.duckdb.wal times=0 do=hold while={hangs}").env
    running = offline.start("up", *FREE_PORT, "--set", "up.publish_interval=1h", **env)
    api = serving(running)
    eventually("the first snapshot", (offline.data / "snapshots" / "CURRENT").exists)
    eventually("ready", lambda: api.ask("/readyz")[0] == 200)
    hangs.touch()
    assert ask(f"{api.url}/api/v1/runs", token, "POST", Smelt_Request="yes").status == 202
    try:
        eventually("not ready", lambda: api.ask("/readyz", timeout=3)[0] == 503, seconds=45)
        assert api.ask("/livez", timeout=3)[0] == 200
        running.wait_for_log("not ready: a query, or a look at the disk, has not ended for")
    finally:
        hangs.unlink()
    eventually("ready again", lambda: api.ask("/readyz")[0] == 200)
    assert running.end().code == 0


def test_follow_waits_for_room_from_the_start_and_ends_when_asked(smelt: Smelt, topic: Topic, disk: FakeDisk) -> None:
    topic.send(events(0, 100))
    disk.fill()
    running = smelt.start("ingest", "--follow", **disk.env)
    running.wait_for_log("paused: the disk of")
    assert running.end().code == 130
    result = smelt.run("ingest", **disk.env)
    assert result.code == 74 and result.summary["error"]["kind"] == "disk_full", result
    running = smelt.start("ingest", "--follow", **disk.env)
    running.wait_for_log("paused: the disk of")
    disk.make_room()
    eventually("it goes on", lambda: topic.committed(topic.name) == 100)
    assert running.end().code == 0
    assert smelt.audit()["landed"] == 100


def test_output_that_is_lost_is_an_error(offline: Smelt) -> None:
    offline("config")
    with open("/dev/full", "w") as full:
        for words in (("config",), ("token", "create", "x", "--scopes", "status"), ("token", "list")):
            done = subprocess.run([offline.binary, *words], env=offline.env, cwd=offline.folder, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
            assert done.returncode == 74 and "could not be written" in done.stderr, done


def test_help_that_is_lost_is_an_error(offline: Smelt) -> None:
    with open("/dev/full", "w") as full:
        for words in (("--help",), ("--version",), ("ingest", "--help")):
            done = subprocess.run([offline.binary, *words], env=offline.env, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
            assert done.returncode == 74 and "could not be written" in done.stderr, (words, done)


def test_descriptors_that_the_caller_closed_are_no_files_of_the_lake(smelt: Smelt, topic: Topic) -> None:
    """A supervisor may start it without stdin, stdout and stderr: what is opened next would get the log, and was the lock file."""
    topic.send(events(0, 50))
    script = f"exec {smelt.binary} up --set http.listen=127.0.0.1:0 --set log.level=debug <&- >&- 2>&-"
    running = subprocess.Popen(["bash", "-c", script], env=smelt.env, cwd=smelt.folder)
    try:
        eventually("landed", lambda: topic.committed(topic.name) == 50)
        assert {os.readlink(f"/proc/{running.pid}/fd/{fd}") for fd in range(3)} == {"/dev/null"}
        lock = (smelt.data / "smelt.lock").read_text().splitlines()
        assert len(lock) == 2 and lock[0] == f"pid {running.pid}: smelt up", lock
    finally:
        running.terminate()
        running.wait(60)
    assert smelt.audit()["landed"] == 50


def test_a_reader_that_has_enough_is_no_error(offline: Smelt) -> None:
    script = f"set -o pipefail; {offline.binary} config | head -n 1"
    done = subprocess.run(["bash", "-c", script], env=offline.env, cwd=offline.folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == "", done
    filled(offline)  # more than a buffer, which fails in the middle of one write
    script = f"set -o pipefail; {offline.binary} sql --json 'FROM range(200000)' | head -c 10"
    done = subprocess.run(["bash", "-c", script], env=offline.env, cwd=offline.folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout == '{"rows":[{', done
