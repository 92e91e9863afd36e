"""The state of each part is what was looked at: a damaged lake, a lake behind its mark, a damaged snapshot each show as what they are."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import pytest
from faults.injection import Injection
from harness import FREE_PORT, Api, Json, Running, Smelt, Topic, billing, encode, eventually, filled, free_port, serving

PIECES = ((0, 0.33), (0.33, 0.66), (0.66, 1), None)  # of a file, overwritten; None: a small piece, in a lake of a block that a table is in


def block_of(path: Path) -> tuple[float, float]:
    """Blocks that no table uses may be anywhere in a file; to overwrite one does no damage."""
    header, size = 3 * 4096, 262144
    with duckdb.connect(str(path), read_only=True) as conn:
        tables = [name for (name,) in conn.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY estimated_size DESC").fetchall()]
        blocks = [block for name in tables for (block,) in conn.execute(f"SELECT block_id FROM pragma_storage_info('{name}')").fetchall() if block >= 0]
    begin = header + blocks[0] * size
    return begin / path.stat().st_size, (begin + size // 3) / path.stat().st_size


def overwrite(path: Path, begin: float, end: float) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(int(size * begin))
        file.write(os.urandom(int(size * (end - begin))))


def ingest(smelt: Smelt, first: int, count: int) -> None:
    file = smelt.folder / f"events-{first}.jsonl"
    file.write_bytes(b"\n".join(encode(billing(n)) for n in range(first, first + count)))
    assert smelt("ingest", "--from", file)["landed"] == count


def publish(smelt: Smelt, count: int = 2000) -> None:
    ingest(smelt, 0, count)
    smelt("refine")
    smelt("publish")


def part(report: Json, name: str) -> Json:
    return next(found for found in report["components"] if found["name"] == name)


def parts_of(smelt: Smelt) -> Callable[[str], Json]:
    report = smelt.run("status").summary
    return lambda name: part(report, name)


def snapshots(smelt: Smelt) -> list[Path]:
    return sorted((smelt.data / "snapshots").glob("gen-*.duckdb"))


def eventually_part(api: Api, name: str, state: str, words: str) -> None:
    def found() -> bool:
        last = part(api.get("/api/v1/status"), name) if api.get("/api/v1/status")["components"] else {}
        return last.get("state") == state and words in last["detail"]

    eventually(f"{name} is {state}: {words}", found)


@pytest.mark.parametrize("piece", PIECES)
def test_a_damaged_lake_is_down_and_never_ok(offline: Smelt, piece: tuple[float, float] | None) -> None:
    publish(offline)
    lake = parts_of(offline)("lake")
    assert lake["state"] == "ok" and "read to its end" in lake["detail"] and lake["all_rows_read"] and lake["verified_at"], lake
    overwrite(offline.lake, *(piece or block_of(offline.lake)))
    found = parts_of(offline)
    assert found("lake")["state"] == "down" and "smelt recover" in found("lake")["detail"], found("lake")
    assert {found(layer)["state"] for layer in ("bronze", "silver", "gold")} == {"unknown"}
    assert found("snapshot")["state"] == "ok"


def test_a_lake_that_is_gone_leaves_no_layer_ok(offline: Smelt) -> None:
    publish(offline, 200)
    offline.lake.unlink()
    found = parts_of(offline)
    assert found("lake")["state"] == found("mark")["state"] == "down"
    for layer in ("bronze", "silver", "gold"):
        assert found(layer)["state"] == "unknown" and "is gone" in found(layer)["detail"], found(layer)


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(os.urandom(300)), lambda path: (path.unlink(), path.mkdir())])
def test_a_record_of_runs_that_cannot_be_read_is_said(offline: Smelt, damage: Callable[[Path], object]) -> None:
    ingest(offline, 0, 50)
    offline("run", "--from", "events-0.jsonl")
    damage(offline.data / "lake.runs")
    runs = parts_of(offline)("runs")
    assert runs["state"] == "unknown" and "lake.runs" in runs["detail"], runs


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: overwrite(path, 0.5, 0.6), lambda path: shutil.rmtree(path.parent)])
def test_a_model_whose_files_are_gone_or_damaged_is_not_ok(offline: Smelt, damage: Callable[[Path], object]) -> None:
    filled(offline, 2000, ("refine", "train", "score", "publish"))
    assert parts_of(offline)("model")["state"] == "ok"
    damage(offline.data / "models" / f"{offline.value('SELECT model_id FROM models')}.json")
    model = parts_of(offline)("model")
    assert model["state"] == "degraded" and "Nothing can be scored" in model["detail"] and "`smelt train`" in model["detail"], model
    offline("train")
    offline("publish")
    assert parts_of(offline)("model")["state"] == "ok"


def test_a_lake_that_is_older_than_its_snapshot_is_not_ok(offline: Smelt) -> None:
    publish(offline, 100)
    copies = [(path, path.read_bytes()) for path in (offline.lake, offline.data / "lake.mark")]
    ingest(offline, 100, 50)
    assert parts_of(offline)("mark")["state"] == "ok"
    offline("refine")
    offline("publish")
    assert parts_of(offline)("mark")["state"] == "ok"
    for path, content in copies:
        path.write_bytes(content)
    mark = parts_of(offline)("mark")
    assert mark["state"] == "degraded" and "The snapshot has more, 150 events" in mark["detail"], mark


def test_each_part_says_when_it_was_verified(offline: Smelt) -> None:
    publish(offline)
    report = offline.run("status").summary
    for found in report["components"]:
        assert ("verified_at" in found) == (found["state"] != "unknown"), found
        assert found.get("verified_at", report["checked_at"]) <= report["checked_at"], found
    assert parts_of(offline)("gold")["verified_at"] < report["checked_at"]  # when the snapshot was made


def test_the_status_says_how_long_the_disk_lasts(offline: Smelt) -> None:
    """From the history beside the lake, which a server adds to and the command only reads; without history both say so."""
    offline.data.mkdir()
    disk = os.statvfs(offline.data)
    size, free, now = disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize, int(time.time())
    history = offline.data / "disk.history"
    assert "known after 6 hours of history" in parts_of(offline)("disk")["detail"] and not history.exists()
    used = free // 480  # in half an hour: a tenth of what is left in a day
    samples = [[now - 1800 * i, free + used * i, size] for i in range(48, 0, -1)]
    history.write_text(json.dumps(samples))
    said = parts_of(offline)("disk")
    assert "At the rate of the last 23 hours, " in said["detail"] and re.search(r" per day, it is full in about (9|10) days\.", said["detail"]), said
    assert abs(said["used_bytes_per_day"] / (used * 48) - 1) < 0.01 and said["full_at"] > said["verified_at"] and len(json.loads(history.read_text())) == 48
    api = serving(offline.start("serve", *FREE_PORT))
    eventually("the server noted the free space", lambda: len(json.loads(history.read_text())) == 49)
    answer = eventually("it says the same", lambda: [c for c in api.get("/api/v1/status")["components"] if c["name"] == "disk" and c.get("full_at")])
    assert "it is full in about" in answer[0]["detail"]


def test_serve_notices_a_lake_that_changes_behind_it(offline: Smelt) -> None:
    """A server reads the lake again when a file of it was touched, and leaves the writer in peace."""
    publish(offline)
    older = offline.folder / "older"
    shutil.copy(offline.lake, older)
    api = serving(offline.start("serve", *FREE_PORT, "--set", "status.interval=100ms"))
    eventually_part(api, "lake", "ok", "read to its end")
    for first in range(10_000, 10_500, 100):
        ingest(offline, first, 100)
    eventually_part(api, "lake", "ok", "read to its end")
    shutil.copy(older, offline.lake)
    eventually_part(api, "lake", "down", "behind its commit mark")
    assert api.get("/api/v1/status")["state"] == "down"
    eventually("the snapshot is whole", lambda: api.ask("/readyz")[0] == 200)


@pytest.mark.parametrize("piece", PIECES)
def test_a_damaged_snapshot_is_named_and_the_one_before_is_served(offline: Smelt, piece: tuple[float, float] | None) -> None:
    publish(offline)
    offline("publish", "--full")
    overwrite(snapshots(offline)[-1], *(piece or (0.5, 0.52)))
    found = parts_of(offline)("snapshot")
    assert found["state"] == "degraded" and "generation 2 cannot be used" in found["detail"] and "Served instead: generation 1" in found["detail"], found
    assert offline("sql", "SELECT count(*) > 0 AS some FROM gold_subscriber_features")["rows"] == [{"some": True}]
    api = serving(offline.start("serve", *FREE_PORT, "--set", "status.interval=100ms"))
    assert api.get("/api/v1/overview")["generation"] == 1
    eventually_part(api, "snapshot", "degraded", "smelt publish --full")
    offline("publish")  # begins with no copy of what is damaged
    eventually("the new one is served", lambda: api.get("/api/v1/overview")["generation"] == 3)
    eventually_part(api, "snapshot", "ok", "Generation 3")


def test_a_snapshot_that_is_damaged_while_it_is_served(offline: Smelt) -> None:
    publish(offline)
    offline("publish", "--full")
    api = serving(offline.start("serve", *FREE_PORT, "--set", "status.interval=100ms"))
    assert api.get("/api/v1/overview")["generation"] == 2
    overwrite(snapshots(offline)[-1], 0.1, 0.9)
    eventually("the one before is served", lambda: api.get("/api/v1/overview")["generation"] == 1)


def test_without_a_good_snapshot_the_true_cause_is_said(offline: Smelt) -> None:
    publish(offline)
    (file,) = snapshots(offline)
    overwrite(file, 0.1, 0.9)
    api = serving(offline.start("serve", *FREE_PORT, "--set", "status.interval=100ms"))
    problem = api.get("/api/v1/overview", 503)["detail"]
    assert "generation 1 cannot be used" in problem and "smelt publish --full" in problem and "published yet" not in problem, problem
    assert "generation 1 cannot be used" in api.get("/readyz", 503)["detail"]
    eventually_part(api, "snapshot", "down", "generation 1 cannot be used")
    offline("publish")
    eventually("a good one", lambda: api.ask("/api/v1/overview")[0] == 200)


def test_a_snapshot_whose_file_is_gone_is_told_in_plain_words(offline: Smelt) -> None:
    publish(offline)
    (only,) = snapshots(offline)
    only.unlink()
    found = part(offline("status", code=69), "snapshot")
    assert found["state"] == "down" and f"its file {only} is missing. Next: `smelt publish --full`" in found["detail"], found
    assert "IO Error" not in found["detail"], found


def test_a_lost_pointer_is_not_an_empty_lake(offline: Smelt) -> None:
    publish(offline)
    (offline.data / "snapshots/CURRENT").write_text("")
    found = parts_of(offline)("snapshot")
    assert found["state"] == "degraded" and "CURRENT is missing or damaged" in found["detail"], found


@pytest.mark.parametrize("lost", ["missing", "link", "long"])
def test_a_server_that_starts_without_the_pointer_serves_what_is_there(offline: Smelt, lost: str) -> None:
    """It looked again only when the pointer changed, and said that nothing was published."""
    publish(offline)
    current = offline.data / "snapshots/CURRENT"
    current.unlink()
    if lost == "link":
        current.symlink_to("/nowhere/at/all")
    elif lost == "long":
        current.touch()
        os.truncate(current, 1 << 30)  # was read into memory, four times a second
    running = offline.start("serve", *FREE_PORT, "--set", "status.interval=100ms")
    api = serving(running)
    assert api.get("/api/v1/overview")["generation"] == 1
    eventually("ready", lambda: api.ask("/readyz")[0] == 200)
    eventually_part(api, "snapshot", "degraded", "CURRENT is missing or damaged")
    peak_kb = next(int(line.split()[1]) for line in Path(f"/proc/{running.process.pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    assert peak_kb < 900_000, peak_kb


def test_a_server_without_its_volume_says_so(offline: Smelt) -> None:
    api = serving(offline.start("serve", *FREE_PORT))
    assert "is its volume mounted?" in api.get("/readyz", 503)["detail"]


def blocked(smelt: Smelt) -> tuple[Running, Api]:
    running = smelt.start("up", *FREE_PORT, "--set", "status.interval=100ms")
    return running, serving(running)


def test_up_serves_the_snapshot_of_a_lake_that_is_blocked_until_it_is_repaired(offline: Smelt) -> None:
    publish(offline)
    whole = offline.folder / "whole"
    shutil.copy(offline.lake, whole)
    overwrite(offline.lake, 0.33, 0.66)
    port = f"http.listen=127.0.0.1:{free_port()}"
    running = offline.start("up", "--set", port, "--set", "status.interval=100ms")
    api = serving(running)
    assert api.get("/api/v1/overview")["generation"] == 1
    assert api.ask("/livez")[0] == 200
    assert "smelt recover" in api.get("/readyz", 503)["detail"]
    eventually_part(api, "lake", "down", "smelt recover")
    shutil.copy(whole, offline.lake)
    eventually("it goes on with the repaired lake", lambda: answers(api, "/api/v1/overview", "live", True))
    assert running.end(seconds=15).code == 0


def test_up_without_any_snapshot_still_says_why(offline: Smelt) -> None:
    ingest(offline, 0, 100)
    offline.lake.unlink()
    running, api = blocked(offline)
    assert "the lake is gone" in api.get("/readyz", 503)["detail"]
    eventually_part(api, "lake", "down", "")
    assert running.end(seconds=15).code == 0


def test_up_that_begins_on_a_full_disk_serves_the_snapshot_until_there_is_space(offline: Smelt, binary: Path, tmp_path: Path) -> None:
    publish(offline)
    full = tmp_path / "full"
    full.touch()
    env = Injection(binary, tmp_path, offline.data, f"on=write file=none room=0 times=0 do=enospc while={full}").env
    running = offline.start("up", "--set", f"http.listen=127.0.0.1:{free_port()}", "--set", "status.interval=100ms", **env)
    api = serving(running)
    assert api.get("/api/v1/overview")["generation"] == 1 and api.ask("/livez")[0] == 200
    reason = api.get("/readyz", 503)["detail"]
    assert "disk.reserve" in reason and "Next: make space" in reason, reason
    eventually_part(api, "lake", "down", "Next: make space")
    full.unlink()
    eventually("it goes on", lambda: answers(api, "/api/v1/overview", "live", True))
    assert running.end(seconds=15).code == 0


def test_up_that_begins_on_a_full_disk_ends_when_asked(offline: Smelt) -> None:
    running = offline.start("up", *FREE_PORT, "--set", "disk.reserve=900000GB")
    assert "Next: make space" in serving(running).get("/readyz", 503)["detail"]
    assert running.end().code == 0


def answers(api: Api, path: str, key: str, value: object) -> bool:
    try:
        status, _, body = api.ask(path)
    except OSError:
        return False
    return status == 200 and json.loads(body)[key] == value


def test_audit_and_quarantine_work_beside_a_running_up(smelt: Smelt, topic: Topic) -> None:
    topic.send([encode(billing(n)) for n in range(300)] + [encode(billing(n, payload={"plan": 5})) for n in range(300, 310)])
    running = smelt.start("up", *FREE_PORT)
    eventually("landed", lambda: topic.committed(topic.name) == 310)
    eventually("refined", lambda: smelt.run("quarantine", "list").summary.get("events") == 10)
    assert smelt.audit()["landed"] == 310 and "error" not in smelt.audit()
    rows = smelt("quarantine", "show", "--limit", "3")["rows"]
    assert len(rows) == 3 and rows[0]["raw_payload"] is not None, rows
    lake = parts_of(smelt)("lake")
    assert lake["state"] == "ok" and re.search(r"Compared with its mark [0-9] seconds? ago", lake["detail"]), lake
    assert running.end(seconds=15).code == 0
    assert smelt.audit()["landed"] == 310
    assert smelt("quarantine", "show", "--limit", "3")["rows"] == rows


def test_a_writer_that_hangs_is_not_called_ok(smelt: Smelt, topic: Topic) -> None:
    topic.send(encode(billing(n)) for n in range(100))
    running = smelt.start("up", *FREE_PORT)
    eventually("landed", lambda: topic.committed(topic.name) == 100)
    running.process.send_signal(signal.SIGSTOP)
    lake = parts_of(smelt)("lake")
    assert lake["state"] == "degraded" and "does not answer" in lake["detail"], lake
    refused = smelt.run("audit")
    assert refused.code == 69 and f"pid {running.process.pid}: smelt up" in refused.error and "does not answer" in refused.error, refused
    running.process.send_signal(signal.SIGCONT)
    eventually("it answers", lambda: parts_of(smelt)("lake")["state"] == "ok")
    assert running.end(seconds=15).code == 0


def test_another_user_is_not_answered(smelt: Smelt, topic: Topic) -> None:
    """Quarantine has what strangers sent, and personal data."""
    if os.geteuid() != 0:
        pytest.fail("needs root, to become another user")
    topic.send(encode(billing(n)) for n in range(100))
    running = smelt.start("up", *FREE_PORT)
    eventually("landed", lambda: topic.committed(topic.name) == 100)
    lock = (smelt.data / "smelt.lock").stat()
    script = textwrap.dedent(f"""
        import os, socket
        os.setuid(65534)
        s = socket.socket(socket.AF_UNIX)
        s.connect("\\0smelt-{lock.st_dev:x}-{lock.st_ino:x}")
        s.sendall(b'{{"ask": "audit"}}\\n')
        print(s.recv(100))
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout == "b''\n" or "ConnectionResetError" in done.stderr or "BrokenPipeError" in done.stderr, done
    assert running.end(seconds=15).code == 0


def test_audit_and_quarantine_read_a_volume_that_cannot_be_written(offline: Smelt) -> None:
    publish(offline)
    script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'
    for command in (("audit",), ("quarantine", "list")):
        words = ["unshare", "--mount", "sh", "-ec", script, "sh", str(offline.data), *map(str, offline.command(command))]
        done = subprocess.run(words, env=offline.env, cwd=offline.folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done
        assert json.loads(done.stdout.splitlines()[-1])


def test_another_program_at_the_address_is_not_the_api(offline: Smelt) -> None:
    """Servers for development answer every address with their page."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>another program</title>")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever).start()
    try:
        api = part(offline("status", "--set", f"http.listen=127.0.0.1:{server.server_port}", code=69), "api")
    finally:
        server.shutdown()
    assert api["state"] == "down" and "another program answers" in api["detail"] and "smelt serve" not in api["detail"], api
