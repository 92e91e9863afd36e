"""http.audit_log: a line for each change, and for each reading of what is about persons; in a file that others rotate, and on a full disk."""

from __future__ import annotations

import json
import os
import signal
import stat
from pathlib import Path
from typing import Any

import pytest
from faults.injection import Injection
from harness import FREE_PORT, Running, Smelt, eventually, filled, serving
from test_access import api_part, ask, make_token


class Audited:
    """A server with an audit log, which anna asks."""

    def __init__(self, smelt: Smelt, path: str, *options: str) -> None:
        self.token = make_token(smelt, "anna", "admin")
        self.running: Running = smelt.start("serve", *FREE_PORT, "--set", f"http.audit_log={path}", *options)
        self.url = serving(self.running).url

    def read(self, number: int, path: str = "/api/v1/subscribers/SUB-7") -> int:
        return ask(self.url + path, self.token, Request_Id=f"r-{number}").status


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_disk_that_hangs_holds_up_no_answer(offline: Smelt, binary: Path, tmp_path: Path) -> None:
    filled(offline, 200)
    hangs, path = tmp_path / "hangs", offline.folder / "audit.jsonl"
    env = Injection(binary, tmp_path, offline.folder, f"on=write file=audit.jsonl times=0 do=hold while={hangs}").env
    token = make_token(offline, "anna", "admin")
    running = offline.start("serve", *FREE_PORT, "--set", f"http.audit_log={path}", **env)
    api = serving(running)
    hangs.touch()
    for number in range(20):
        assert ask(f"{api.url}/api/v1/subscribers/SUB-7", token, Request_Id=f"r-{number}").status == 404
        assert api.ask("/livez", timeout=3)[0] == 200
    hangs.unlink()
    eventually("all of them", lambda: [line["request_id"] for line in lines(path)] == [f"r-{number}" for number in range(20)])
    assert running.end().code == 0


def test_a_line_for_each(offline: Smelt) -> None:
    filled(offline, 200)
    path = offline.folder / "audit.jsonl"
    server = Audited(offline, "audit.jsonl", "--set", "http.query=yes")
    deliberate = {"Smelt_Request": "yes", "Content_Type": "application/json"}
    for number, quiet in enumerate(("/api/v1/status", "/api/v1/overview", "/livez", "/ui/smelt.css", "/nothing")):
        server.read(number, quiet)
    assert ask(f"{server.url}/api/v1/subscribers").status == 401
    server.read(5)
    server.read(6, "/api/v1/subscribers?limit=2&search=SUB")
    server.read(7, "/api/v1/messages?topic=t&partition=0&offset=1")
    ask(f"{server.url}/api/v1/subscribers/lookup", server.token, "POST", b'{"ids": ["SUB-1"]}', Request_Id="r-8", **deliberate)
    ask(f"{server.url}/api/v1/query", server.token, "POST", b'{"sql": "SELECT 1 AS \xc3\xa9"}', Request_Id="r-9", **deliberate)
    long = json.dumps({"sql": f"SELECT  '{'€' * 1000}'"}, ensure_ascii=False)  # the 2,000th byte is in the middle of a sign
    ask(f"{server.url}/api/v1/query", server.token, "POST", long.encode(), Request_Id="r-9b", **deliberate)
    ask(f"{server.url}/api/v1/session", server.token, "POST", Request_Id="r-10", Smelt_Request="yes")
    ask(f"{server.url}/api/v1/models/nobody/promote", server.token, "POST", Request_Id="r-11", Smelt_Request="yes")
    assert server.running.end().code == 0
    found = lines(path)
    operations = [line for line in found if line["event"] == "operation"]
    answers = [line for line in found if line["event"] != "operation"]
    assert [(line["request_id"], line["event"], line["status"], line["route"]) for line in answers] == [
        ("r-5", "read", 404, "/api/v1/{entities}/{id}"),
        ("r-6", "read", 200, "/api/v1/{entities}"),
        ("r-7", "read", 404, "/api/v1/messages"),
        ("r-8", "read", 200, "/api/v1/{entities}/lookup"),
        ("r-9", "read", 200, "/api/v1/query"),
        ("r-9b", "read", 200, "/api/v1/query"),
        ("r-10", "change", 200, "/api/v1/session"),
        ("r-11", "change", 422, "/api/v1/models/{id}/promote"),
    ]
    assert {line["who"] for line in found} == {"anna"} and all(line["time"].endswith("Z") for line in found)
    assert answers[1]["target"] == "/api/v1/subscribers?limit=2&search=SUB"
    assert answers[3]["content"] == '{"ids": ["SUB-1"]}' and answers[4]["content"] == '{"sql": "SELECT 1 AS é"}'
    assert long.startswith(answers[5]["content"]) and 1997 < len(answers[5]["content"].encode()) <= 2000
    assert [(line["kind"], line["target"], line["state"], line["error"]["kind"]) for line in operations] == [("promote", "nobody", "failed", "config")]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and server.token not in path.read_text() and '"audit"' not in server.running.stderr


def test_it_is_only_appended_to_and_opened_again(offline: Smelt) -> None:
    path, moved = offline.folder / "audit.jsonl", offline.folder / "audit.1"
    path.write_text('{"event": "earlier"}\n')
    server = Audited(offline, str(path))
    server.read(1)
    path.rename(moved)
    server.read(2)
    server.running.process.send_signal(signal.SIGHUP)
    eventually("the file is there again", path.exists)
    server.read(3)
    assert server.running.end().code == 0
    assert [line.get("request_id") for line in lines(moved)] == [None, "r-1", "r-2"] and [line["request_id"] for line in lines(path)] == ["r-3"]


def look(server: Audited) -> Any:
    return api_part(json.loads(ask(f"{server.url}/api/v1/status", server.token).body))


def test_a_full_disk_stops_nobody(offline: Smelt) -> None:
    path, full = offline.folder / "audit.jsonl", Path("/dev/full")
    path.symlink_to(full)
    server = Audited(offline, str(path), "--set", "status.interval=100ms")
    eventually("the first look", lambda: look(server)["state"] == "ok")
    assert [server.read(number) for number in range(3)] == [503] * 3  # since nothing is published
    found = eventually("it is seen", lambda: (part := look(server))["state"] == "degraded" and part)
    assert "3 lines are missing" in found["detail"] and "No space left" in found["detail"], found
    path.unlink()
    eventually("it goes on", lambda: path.exists() and lines(path))
    server.read(4)
    eventually("it is well", lambda: look(server)["state"] == "ok")
    assert server.running.end().code == 0
    assert [(line["event"], line.get("lines")) for line in lines(path)] == [("lost", 3), ("read", None)]
    assert "cannot be written" in server.running.stderr and "can be written again; 3 lines are missing" in server.running.stderr


@pytest.mark.parametrize("value", ["yes", "pipe", "nowhere/audit.jsonl", "."])
def test_what_is_no_file_is_refused(offline: Smelt, value: str) -> None:
    os.mkfifo(offline.folder / "pipe")
    refused = offline.run("serve", *FREE_PORT, "--set", f"http.audit_log={value}", seconds=20)
    assert refused.code in (74, 78) and value in refused.error and "http.audit_log" in refused.error, refused
