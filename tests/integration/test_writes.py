"""Changes by the API: runs, promotions, replays; in `serve`, which has a child for them, and in `up`, whose own lake they change."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import FREE_PORT, Running, Smelt, eventually, filled, serving
from test_access import Answer, ask, make_token
from test_declarations import contract, send, write

NO_KAFKA = "127.0.0.1:1"
TRAINED = ("refine", "train", "train", "score", "publish")


@pytest.fixture
def smelt(new_smelt: Callable[..., Smelt]) -> Smelt:
    return new_smelt(kafka_bootstrap=NO_KAFKA)


class Server:
    def __init__(self, smelt: Smelt, command: str, *options: str) -> None:
        smelt.run("token", "revoke", "anna")
        self.token = make_token(smelt, "anna", "admin")
        self.running = smelt.start(command, *FREE_PORT, *options)
        self.url = serving(self.running).url

    def post(self, path: str, content: Any = None, token: str | None = None, **fields: str) -> Answer:
        fields = {"Smelt-Request": "yes"} | fields
        if content is not None:
            fields["Content-Type"] = "application/json"
        body = None if content is None else json.dumps(content).encode()
        return ask(f"{self.url}/api/v1/{path}", token or self.token, "POST", body, **fields)

    def get(self, path: str) -> Any:
        answer = ask(f"{self.url}{path}", self.token)
        assert answer.status == 200, answer
        return json.loads(answer.body)

    def end_of(self, answer: Answer) -> Any:
        """The operation once it is not running any more."""
        assert answer.status in (200, 202), answer
        if answer.status == 200:
            return json.loads(answer.body)
        place = answer.fields["Location"]
        return eventually("its end", lambda: (found := self.get(place))["state"] != "running" and found)


@pytest.fixture(params=["serve", "up"])
def server(request: pytest.FixtureRequest, smelt: Smelt) -> Iterator[Server]:
    filled(smelt, 200)
    made = Server(smelt, request.param)
    yield made
    assert made.running.end(seconds=20).code == 0


def states(smelt: Smelt) -> dict[str, str]:
    return {model["model_id"]: model["state"] for model in smelt("model", "list")["models"]}


def assert_can_be_read(smelt: Smelt, used: str, unused: str) -> None:
    """Also while another process writes."""
    assert states(smelt)[used] == "in use"
    assert smelt("model", "show")["model_id"] == used and smelt("model", "show", unused)["state"] != "in use"
    compared = smelt("model", "compare", used, unused)
    assert [compared[which]["model_id"] for which in ("first", "second")] == [used, unused]
    assert smelt("model", "card", "--out", "card.md")["file"] == "card.md"
    assert "there is no model nobody" in smelt.run("model", "show", "nobody").stderr


def test_a_model_is_promoted(smelt: Smelt) -> None:
    filled(smelt, 1500, TRAINED)
    before = states(smelt)
    other = next(name for name, state in before.items() if state != "in use")
    for command in ("serve", "up"):
        server = Server(smelt, command)
        done = server.end_of(server.post(f"models/{other}/promote"))
        assert (done["state"], done["kind"], done["target"], done["by"]) == ("done", "promote", other, "anna")
        assert done["result"] == {"promoted": other} and done["error"] is None and done["started_at"] <= done["finished_at"]
        assert server.get(f"/api/v1/operations/{done['id']}") == done
        assert server.get("/api/v1/operations")["operations"][0] == done
        assert_can_be_read(smelt, other, *(name for name in before if name != other))
        assert server.running.end(seconds=20).code == 0
        assert states(smelt)[other] == "in use"
        other = next(name for name, state in states(smelt).items() if state != "in use")


def test_what_cannot_be_done_says_why(server: Server) -> None:
    refused = server.post("models/nobody/promote")
    assert refused.status == 422 and "there is no model nobody" in refused.problem["detail"], refused
    assert server.post("models/--help/promote").status == 422
    assert server.post("models/%00/promote").status == 422
    for content in ({"force": "yes"}, {"forced": True}, [], {"force": True, "x": 1}):
        assert server.post("models/m/promote", content).problem["errors"][0]["parameter"] == "force"
    assert server.post("quarantine/replay", {}).status == 415
    assert server.post("runs", {"from": "/etc/passwd"}).status == 400
    assert ask(f"{server.url}/api/v1/operations/00000000-1", server.token).status == 404
    (failed, *_) = [one for one in server.get("/api/v1/operations")["operations"] if one["target"] == "nobody"]
    assert (failed["state"], failed["error"]["kind"]) == ("failed", "config")


def test_a_key_does_it_once(server: Server) -> None:
    first, again = (server.post("quarantine/replay", **{"Idempotency-Key": '"a-1"'}) for _ in range(2))
    assert server.end_of(first)["id"] == server.end_of(again)["id"]
    for path, content in (("models/m/promote", {"force": True}), ("models/m/promote", None), ("runs", None)):
        other = server.post(path, content, **{"Idempotency-Key": '"a-1"'})
        assert (other.status, other.problem["type"]) == (422, "/problems/idempotency-key-reused")
    failed, same = (server.post("models/nobody/promote", **{"Idempotency-Key": '"b"'}) for _ in range(2))
    assert failed.body == same.body and failed.status == 422
    assert len(server.get("/api/v1/operations")["operations"]) == 2
    for key in ("", '""', '"', '"a', "a", "a b", '"a"b"', '"a\\"', '"\\a"', '"\u00e9"', f'"{"x" * 129}"'):
        assert server.post("quarantine/replay", **{"Idempotency-Key": key}).status == 400, key


@pytest.mark.parametrize("command", ["serve", "up"])
def test_a_key_is_known_after_a_restart(smelt: Smelt, command: str) -> None:
    """What was done, what failed, and what was under way when the server was killed; in a file that only its owner reads, and that is bounded."""
    filled(smelt, 200)
    server = Server(smelt, command)
    done = server.end_of(server.post("quarantine/replay", **{"Idempotency-Key": '"a"'}))
    failed = server.post("models/nobody/promote", **{"Idempotency-Key": '"b"'})
    assert done["state"] == "done" and failed.status == 422
    assert server.running.end(seconds=20).code == 0
    log = smelt.data / "lake.operations"
    assert log.stat().st_mode & 0o777 == 0o600 and b'"b"' not in log.read_bytes()
    lines = [json.loads(line) for line in log.read_bytes().splitlines()]
    begun = next(line for line in lines if line["operation"]["kind"] == "promote" and line["operation"]["finished_at"] is None)
    killed = begun | {"operation": begun["operation"] | {"id": "00000000-7", "target": None, "kind": "run"}, "key": "k", "asked": "k"}
    old = begun | {"operation": begun["operation"] | {"id": "00000000-8", "started_at": "2026-01-01T00:00:00.000000Z"}}
    log.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in [old, *lines, killed]) + b'{"torn')
    server = Server(smelt, command)
    assert server.end_of(server.post("quarantine/replay", **{"Idempotency-Key": '"a"'})) == done
    again = server.post("models/nobody/promote", **{"Idempotency-Key": '"b"'})
    assert again.status == 422 and again.body == failed.body
    assert server.post("runs", **{"Idempotency-Key": '"a"'}).problem["type"] == "/problems/idempotency-key-reused"
    assert [one["id"] for one in server.get("/api/v1/operations")["operations"]][0] == "00000000-7"
    unknown = server.get("/api/v1/operations/00000000-7")
    assert unknown["state"] == "failed" and "may have been done or not" in unknown["error"]["detail"]
    assert ask(f"{server.url}/api/v1/operations/00000000-8", server.token).status == 404
    log.write_bytes(log.read_bytes() + b'{"x": "' + b"x" * 600_000 + b'"}\n')
    new = server.end_of(server.post("quarantine/replay", **{"Idempotency-Key": '"c"'}))
    assert new["id"] != done["id"] and log.stat().st_size < 10_000 and log.with_suffix(".operations.1").exists()
    assert server.running.end(seconds=20).code == 0
    server = Server(smelt, command)
    assert [server.end_of(server.post("quarantine/replay", **{"Idempotency-Key": key}))["id"] for key in ('"a"', '"c"')] == [done["id"], new["id"]]
    assert server.running.end(seconds=20).code == 0


def test_a_key_is_that_of_its_token(smelt: Smelt, server: Server) -> None:
    other = make_token(smelt, "berta", "admin")
    eventually("the server knows berta", lambda: ask(f"{server.url}/api/v1/session", other).status == 200)
    first = server.end_of(server.post("quarantine/replay", **{"Idempotency-Key": '"a"'}))
    second = server.end_of(server.post("quarantine/replay", token=other, **{"Idempotency-Key": '"a"'}))
    assert first["id"] != second["id"] and (first["by"], second["by"]) == ("anna", "berta")


def test_nobody_without_a_token_changes_anything(smelt: Smelt) -> None:
    running = smelt.start("serve", *FREE_PORT)
    answer = ask(f"{serving(running).url}/api/v1/runs", None, "POST", **{"Smelt-Request": "yes"})
    assert answer.status == 403 and "smelt token create" in answer.problem["detail"]
    assert running.end().code == 0


def test_a_page_of_a_stranger_changes_nothing(server: Server) -> None:
    session = ask(f"{server.url}/api/v1/session", server.token, "POST", **{"Smelt-Request": "yes"})
    cookie = session.fields["Set-Cookie"].split(";")[0]
    assert ask(f"{server.url}/api/v1/quarantine/replay", None, "POST", Cookie=cookie).status == 403
    assert server.get("/api/v1/operations")["operations"] == []
    done = ask(f"{server.url}/api/v1/quarantine/replay", None, "POST", Cookie=cookie, **{"Smelt-Request": "yes"})
    assert server.end_of(done)["by"] == "anna"


@contextlib.contextmanager
def held(smelt: Smelt) -> Iterator[None]:
    """Another process has the lake."""
    with (smelt.data / "smelt.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_another_process_has_the_lake(smelt: Smelt) -> None:
    filled(smelt, 300)
    server = Server(smelt, "serve")
    with held(smelt):
        refused = server.post("quarantine/replay", **{"Idempotency-Key": '"k"'})
    assert (refused.status, refused.problem["type"], refused.fields["Retry-After"]) == (409, "/problems/lake-busy", "5"), refused
    assert server.end_of(server.post("quarantine/replay", **{"Idempotency-Key": '"k"'}))["state"] == "done"
    assert server.running.end().code == 0


def test_events_leave_quarantine(smelt: Smelt) -> None:
    """By the contract of today: `serve` reads it when it is asked, `up` when it starts."""
    name = {"name": "a", "logicalType": "string"}
    write(smelt, contract([name | {"required": True}]))
    send(smelt, {}, {"a": "x"})
    assert (smelt("refine")["quarantined"], smelt("publish")["generation"]) == (1, 1)
    server = Server(smelt, "serve")
    write(smelt, contract([name]))
    assert server.end_of(server.post("quarantine/replay"))["result"]["silver"] == 2
    assert server.running.end().code == 0 and smelt.value("SELECT count(*) FROM silver_quarantine") == 0
    write(smelt, contract([name | {"required": True}]))
    assert smelt("refine", "--full")["quarantined"] == 1
    write(smelt, contract([name]))
    server = Server(smelt, "up")
    replayed = server.end_of(server.post("quarantine/replay"))
    assert replayed["result"]["silver"] == 2, replayed
    assert server.running.end(seconds=20).code == 0 and smelt.value("SELECT count(*) FROM silver_quarantine") == 0


def children_of(running: Running) -> list[Path]:
    def parent(process: Path) -> int:
        with contextlib.suppress(OSError):
            return int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
        return 0

    return [process for process in Path("/proc").glob("[0-9]*") if parent(process) == running.process.pid]


def begin_long_run(server: Server) -> str:
    """It waits for a Kafka that is not there."""
    begun = server.post("runs", {"train": False})
    assert begun.status == 202 and json.loads(begun.body)["state"] == "running", begun
    return str(begun.fields["Location"])


def test_one_change_at_a_time(smelt: Smelt) -> None:
    filled(smelt, 300)
    server = Server(smelt, "serve")
    place = begin_long_run(server)
    refused = server.post("quarantine/replay")
    assert (refused.status, refused.problem["type"]) == (409, "/problems/lake-busy") and place in refused.problem["detail"]
    assert [one["state"] for one in server.get("/api/v1/operations")["operations"]] == ["running"]
    (child,) = children_of(server.running)
    assert b"smelt run" in (child / "cmdline").read_bytes().replace(b"\0", b" ")
    assert server.running.end(signal.SIGINT, seconds=20).code == 0
    eventually("the child has ended too", lambda: not child.exists())


def test_a_run_ends_with_a_server_that_is_killed(smelt: Smelt) -> None:
    filled(smelt, 300)
    server = Server(smelt, "serve")
    begin_long_run(server)
    (child,) = children_of(server.running)
    assert server.running.kill()
    eventually("the child has ended too", lambda: not child.exists() or "Z" in (child / "stat").read_text().rsplit(")", 1)[1])
    assert smelt("audit")["ok"]


def test_a_run_of_the_live_lake(smelt: Smelt) -> None:
    filled(smelt, 1500, ("refine", "publish"))
    server = Server(smelt, "up", "--set", "up.publish_interval=1h")
    eventually("the first snapshot of up", lambda: len(server.get("/api/v1/runs")["runs"]) == 1)
    done = server.end_of(server.post("runs", {"train": True}))
    assert done["state"] == "done" and [step["name"] for step in done["result"]["steps"]] == ["train", "score", "publish"], done
    assert done["result"]["run_id"] in {run["run_id"] for run in server.get("/api/v1/runs")["runs"]}
    assert len(server.get("/api/v1/models")["models"]) >= 1
    assert server.running.end(seconds=20).code == 0


def test_the_end_of_up_does_not_wait_for_a_change(smelt: Smelt) -> None:
    """One that comes at the end is done or refused, and nobody waits for ever."""
    filled(smelt, 300)
    server = Server(smelt, "up")
    answers: list[int] = []

    def ask_until_it_ends() -> None:
        with contextlib.suppress(OSError):
            while True:
                answers.append(server.post("quarantine/replay").status)

    asking = threading.Thread(target=ask_until_it_ends)
    asking.start()
    eventually("some were answered", lambda: len(answers) > 1)
    assert server.running.end(seconds=20).code == 0
    asking.join(20)
    assert not asking.is_alive() and set(answers) <= {200, 202, 409, 503}, answers


def test_a_lake_that_cannot_be_used_is_not_changed(smelt: Smelt) -> None:
    filled(smelt, 300)
    os.truncate(smelt.lake, 5000)
    server = Server(smelt, "up")
    refused = server.post("quarantine/replay")
    assert refused.status == 503 and "the lake is not in use" in refused.problem["detail"]
    assert server.running.end(seconds=20).code == 0
