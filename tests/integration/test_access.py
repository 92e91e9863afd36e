"""Who may use the API: every route with no token, a wrong, an expired and a revoked one, and one of each scope; sessions of browsers; who is let in
without tokens; and what other users of the machine can read."""

from __future__ import annotations

import json
import os
import re
import stat
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from harness import FREE_PORT, ROOT, Smelt, eventually, filled, serving

SCOPES = ("admin", "status", "aggregate", "entities", "raw", "query")
OPEN = "open"  # needs no token
ANY = "any"  # any valid one
# Each row of the route table, with an address that fits its pattern, and what it needs.
ROUTES = {
    ("GET", "/"): ("/", OPEN),
    ("GET", "/ui/*"): ("/ui/smelt.css", OPEN),
    ("GET", "/problems/{name}"): ("/problems/not-found", OPEN),
    ("GET", "/api/v1/snapshots/current"): ("/api/v1/snapshots/current", "query"),
    ("GET", "/api/v1/snapshots/{file}"): ("/api/v1/snapshots/1.duckdb", "query"),
    ("POST", "/api/v1/query"): ("/api/v1/query", "query"),
    ("GET", "/api/v1/stream"): ("/api/v1/stream", "status"),
    ("GET", "/docs"): ("/docs", OPEN),
    ("GET", "/openapi.json"): ("/openapi.json", ANY),
    ("GET", "/api/v1/overview"): ("/api/v1/overview", "aggregate"),
    ("GET", "/api/v1/pipeline"): ("/api/v1/pipeline", "aggregate"),
    ("GET", "/api/v1/history"): ("/api/v1/history?from=-24h&metric=at_risk", "aggregate"),
    ("GET", "/api/v1/changes"): ("/api/v1/changes?since=1", "entities"),
    ("GET", "/api/v1/features"): ("/api/v1/features", "aggregate"),
    ("GET", "/api/v1/models"): ("/api/v1/models", "aggregate"),
    ("GET", "/api/v1/models/{id}"): ("/api/v1/models/m1", "aggregate"),
    ("POST", "/api/v1/models/{id}/promote"): ("/api/v1/models/m1/promote", "admin"),
    ("POST", "/api/v1/quarantine/replay"): ("/api/v1/quarantine/replay", "admin"),
    ("POST", "/api/v1/runs"): ("/api/v1/runs", "admin"),
    ("GET", "/api/v1/operations"): ("/api/v1/operations", "admin"),
    ("GET", "/api/v1/operations/{id}"): ("/api/v1/operations/o1", "admin"),
    ("GET", "/api/v1/scores/histogram"): ("/api/v1/scores/histogram", "aggregate"),
    ("GET", "/api/v1/quality"): ("/api/v1/quality", "aggregate"),
    ("GET", "/api/v1/quality/rules"): ("/api/v1/quality/rules", "aggregate"),
    ("GET", "/api/v1/quality/contracts"): ("/api/v1/quality/contracts", "aggregate"),
    ("POST", "/api/v1/quality/state"): ("/api/v1/quality/state", "admin"),
    ("GET", "/api/v1/quarantine"): ("/api/v1/quarantine", "aggregate"),
    ("GET", "/api/v1/rejects"): ("/api/v1/rejects", "aggregate"),
    ("GET", "/api/v1/messages"): ("/api/v1/messages?topic=t&partition=0&offset=1", "raw"),
    ("GET", "/api/v1/system"): ("/api/v1/system", "status"),
    ("GET", "/api/v1/system/tokens"): ("/api/v1/system/tokens", "admin"),
    ("GET", "/api/v1/status/history"): ("/api/v1/status/history", "status"),
    ("GET", "/api/v1/partitions"): ("/api/v1/partitions", "status"),
    ("GET", "/api/v1/throughput"): ("/api/v1/throughput", "status"),
    ("GET", "/api/v1/latency"): ("/api/v1/latency", "status"),
    ("GET", "/api/v1/audit"): ("/api/v1/audit", "status"),
    ("GET", "/api/v1/runs/{id}"): ("/api/v1/runs/r1", "status"),
    ("GET", "/api/v1/{entities}/{id}/events"): ("/api/v1/subscribers/SUB-1/events", "entities"),
    ("GET", "/api/v1/{entities}/{id}/scores"): ("/api/v1/subscribers/SUB-1/scores", "entities"),
    ("GET", "/api/v1/{entities}/{id}/days"): ("/api/v1/subscribers/SUB-1/days?feature=avg_bill_zmw", "entities"),
    ("GET", "/api/v1/{entities}/{id}/related"): ("/api/v1/subscribers/SUB-1/related", "entities"),
    ("GET", "/api/v1/{entities}/{id}/notes"): ("/api/v1/subscribers/SUB-1/notes", "entities"),
    ("POST", "/api/v1/{entities}/{id}/notes"): ("/api/v1/subscribers/SUB-1/notes", "entities"),
    ("POST", "/api/v1/{entities}/notes/lookup"): ("/api/v1/subscribers/notes/lookup", "entities"),
    ("POST", "/api/v1/{entities}/lookup"): ("/api/v1/subscribers/lookup", "entities"),
    ("GET", "/api/v1/{entities}"): ("/api/v1/subscribers?limit=5", "entities"),
    ("GET", "/api/v1/{entities}/{id}"): ("/api/v1/subscribers/SUB-1", "entities"),
    ("GET", "/api/v1/runs"): ("/api/v1/runs", "status"),
    ("GET", "/api/v1/status"): ("/api/v1/status", "status"),
    ("GET", "/api/v1/session"): ("/api/v1/session", ANY),
    ("POST", "/api/v1/session"): ("/api/v1/session", ANY),
    ("DELETE", "/api/v1/session"): ("/api/v1/session", ANY),
    ("GET", "/livez"): ("/livez", OPEN),
    ("GET", "/readyz"): ("/readyz", OPEN),
    ("GET", "/metrics"): ("/metrics", "aggregate"),
}


class Answer(NamedTuple):
    status: int
    fields: Any
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        assert self.fields["Content-Type"] == "application/problem+json"
        return json.loads(self.body)


def ask(url: str, token: str | None = None, method: str = "GET", content: bytes | None = None, **fields: str) -> Answer:
    if token is not None:
        fields["Authorization"] = f"Bearer {token}"
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    request = urllib.request.Request(url, data=content, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return Answer(refused.code, refused.headers, refused.read())


def make_token(smelt: Smelt, name: str, scopes: str, *more: str) -> str:
    made = smelt.run("token", "create", name, "--scopes", scopes, *more)
    assert made.code == 0, made.stderr
    assert re.fullmatch(r"smelt_[0-9a-f]{64}", made.summary["token"])
    return made.summary["token"]


@pytest.fixture
def smelt(new_smelt: Callable[..., Smelt]) -> Smelt:
    return new_smelt()


@pytest.fixture
def guarded(smelt: Smelt) -> Iterator[tuple[str, dict[str, str]]]:
    """A server with tokens: its address, and a token of each scope."""
    tokens = {scope: make_token(smelt, f"one-{scope}", scope) for scope in SCOPES}
    running = smelt.start("serve", *FREE_PORT)
    yield serving(running).url, tokens
    assert running.end().code == 0


def test_the_table_is_the_whole_route_table() -> None:
    declared = re.findall(r'^    \{"([A-Z]+)", "(/[^"]*)"', (ROOT / "src/web/routes.c").read_text(), re.MULTILINE)
    assert sorted(declared) == sorted(ROUTES)


def test_every_route_with_every_kind_of_token(smelt: Smelt, guarded: tuple[str, dict[str, str]]) -> None:
    url, tokens = guarded
    brief = make_token(smelt, "brief", ",".join(SCOPES), "--expires", "1ms")
    gone = make_token(smelt, "gone", ",".join(SCOPES))
    assert smelt.run("token", "revoke", "gone").code == 0
    newest = make_token(smelt, "newest", "raw")
    eventually("the server knows all of them", lambda: ask(f"{url}/api/v1/session", newest).status == 200)
    wrong = tokens["admin"][:-1] + ("0" if tokens["admin"][-1] != "0" else "1")
    refused: dict[str, str | None] = {"none": None, "wrong": wrong, "expired": brief, "revoked": gone, "empty": "", "another scheme": "x"}
    bad = []
    for (method, pattern), (path, needed) in ROUTES.items():
        deliberate = {} if method == "GET" else {"Smelt-Request": "yes"}
        method = "HEAD" if path == "/api/v1/stream" else method  # which has no end
        for kind, token in refused.items():
            fields = deliberate | ({"Authorization": "Basic YTpi"} if kind == "another scheme" else {})
            got = ask(url + path, None if "Authorization" in fields else token, method, **fields)
            if (got.status == 401) != (needed != OPEN):
                bad.append(f"{method} {pattern} with {kind}: {got.status}")
            if got.status == 401:
                assert got.fields["WWW-Authenticate"].startswith("Bearer") and ("invalid_token" in got.fields["WWW-Authenticate"]) == (kind in ("wrong", "expired", "revoked"))  # RFC 6750 3.1
                assert method == "HEAD" or got.problem["status"] == 401
        for scope, token in tokens.items():
            got = ask(url + path, token, method, **deliberate)
            if (got.status == 403) != (needed not in (OPEN, ANY, scope) and scope != "admin") or got.status == 401:
                bad.append(f"{method} {pattern} with {scope}: {got.status}")
            if got.status == 403:
                assert method == "HEAD" or needed in got.problem["detail"]
                assert f'scope="{needed}"' in got.fields["WWW-Authenticate"]
    assert not bad, "\n".join(bad)


def test_a_condition_or_another_method_opens_nothing(guarded: tuple[str, dict[str, str]]) -> None:
    url, _ = guarded
    assert ask(f"{url}/api/v1/overview", If_None_Match="*").status == 401
    assert ask(f"{url}/api/v1/overview", method="HEAD").status == 401
    assert ask(f"{url}/api/v1/subscribers/%2e%2e").status == 401 and ask(f"{url}/api/v1/subscribers?limit=0").status == 401


def test_tokens_come_and_go_without_a_restart(smelt: Smelt) -> None:
    running = smelt.start("serve", *FREE_PORT)
    url = serving(running).url
    status = f"{url}/api/v1/status"
    assert ask(status).status == 200
    token = make_token(smelt, "first", "status")
    eventually("the API is closed", lambda: ask(status).status == 401)
    assert ask(status, token).status == 200
    assert smelt.run("token", "revoke", "first").code == 0
    eventually("the token is revoked", lambda: ask(status, token).status == 401)
    assert ask(status).status == 401 and ask(f"{url}/livez").status == 200
    (smelt.data / "tokens.json").write_text('{"tokens": [{"name": "x"}]}')
    other = make_token_in_other_lake(smelt)
    eventually("a file that cannot be read lets nobody in", lambda: "every request is refused" in running.stderr)
    assert ask(status, other).status == 401
    assert running.end().code == 0


def hide_folder(data: Path) -> None:
    data.rename(data.with_name("away"))


def loop(data: Path) -> None:
    (data / "tokens.json").unlink()
    (data / "tokens.json").symlink_to("tokens.json")


def dangle(data: Path) -> None:
    (data / "tokens.json").unlink()
    (data / "tokens.json").symlink_to("gone.json")


@pytest.mark.parametrize("hide", [hide_folder, loop, dangle])
def test_tokens_out_of_reach_open_nothing(smelt: Smelt, hide: Callable[[Path], None]) -> None:
    """Only a file that was removed from a folder that is there turns tokens off."""
    token = make_token(smelt, "first", "status")
    running = smelt.start("serve", *FREE_PORT)
    status = f"{serving(running).url}/api/v1/status"
    assert ask(status).status == 401 and ask(status, token).status == 200
    hide(smelt.data)
    eventually("it is seen", lambda: "every request is refused" in running.stderr)
    assert ask(status).status == 401 and ask(status, token).status == 401
    if hide is not hide_folder:
        listed = smelt.run("token", "list")
        assert listed.code != 0 and "tokens.json" in listed.error, listed
        (smelt.data / "tokens.json").unlink()
        eventually("it is open now", lambda: ask(status).status == 200)
        assert "answers without one" in running.stderr
    assert running.end().code == 0


def test_a_token_expires_in_a_year_that_can_be_written(smelt: Smelt) -> None:
    for far in ("2920000d", "999999999d"):
        made = smelt.run("token", "create", "x", "--scopes", "status", "--expires", far)
        assert made.code == 64 and "36500d" in made.error, made
    make_token(smelt, "far", "status", "--expires", "36500d")
    assert smelt.run("token", "list").code == 0


def make_token_in_other_lake(smelt: Smelt) -> str:
    made = smelt.run("--set", f"data.dir={smelt.data}/other", "token", "create", "x", "--scopes", "admin")
    return made.summary["token"]


def test_what_the_command_says(smelt: Smelt) -> None:
    empty = smelt.run("token", "list")
    assert empty.code == 0 and empty.summary == {"tokens": []}
    token = make_token(smelt, "a", "status,raw", "--expires", "1d")
    path = smelt.data / "tokens.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and token not in path.read_text() and token.removeprefix("smelt_") not in path.read_text()
    (row,) = smelt.run("token", "list").summary["tokens"]
    assert (row["name"], row["scopes"], row["last_used_at"]) == ("a", "status,raw", None) and row["expires_at"] > row["created_at"]
    for arguments, word in (
        (("create", "a", "--scopes", "raw"), "revoke it first"),
        (("create", "b", "--scopes", "everything"), "there is no scope 'everything'"),
        (("create", "b"), "--scopes"),
        (("create", "b c", "--scopes", "raw"), "letters"),
        (("create", "b", "--scopes", "raw", "--expires", "0s"), "--expires"),
        (("create",), "name"),
        (("revoke", "b"), "there is no token 'b'"),
        (("list", "b"), "no name"),
        (("show",), "create, list or revoke"),
    ):
        refused = smelt.run("token", *arguments)
        assert refused.code == 64 and word in refused.error, arguments
    running = smelt.start("serve", *FREE_PORT)
    assert ask(f"{serving(running).url}/api/v1/status", token).status == 200
    assert running.end().code == 0
    assert smelt.run("token", "list").summary["tokens"][0]["last_used_at"] is not None


def test_who_may_reads_which_tokens_there_are(smelt: Smelt) -> None:
    """As the command says it, with the use of this moment; never the token, nor its hash."""
    api = serving(smelt.start("serve", *FREE_PORT))
    address = f"{api.url}/api/v1/system/tokens"
    assert json.loads(ask(address).body) == {"open": True, "items": []}
    admin, other = make_token(smelt, "me", "admin"), make_token(smelt, "other", "status", "--expires", "30d")
    eventually("both are known", lambda: ask(address, admin).status == 200 and len(json.loads(ask(address, admin).body)["items"]) == 2)
    answer = ask(address, admin)
    (me, second), listed = json.loads(answer.body)["items"], smelt.run("token", "list").summary["tokens"]
    assert json.loads(answer.body)["open"] is False and second == listed[1] and second["last_used_at"] is None
    assert me["last_used_at"] >= me["created_at"] and me == listed[0] | {"last_used_at": me["last_used_at"]}
    hashes = re.findall(r"[0-9a-f]{64}", (smelt.data / "tokens.json").read_text())
    assert len(hashes) == 2 and not any(secret in answer.body.decode() for secret in (admin, other, admin.removeprefix("smelt_"), *hashes))
    assert answer.fields["Cache-Control"] == "no-store"
    assert ask(address, other).problem["detail"].startswith("This needs a token with the scope admin")


def test_other_machines_need_tokens(smelt: Smelt) -> None:
    everywhere = ("--set", "http.listen=0.0.0.0:0")
    refused = smelt.run("serve", *everywhere)
    assert refused.code == 78 and "smelt token create" in refused.error and "http.open" in refused.error
    running = smelt.start("serve", *everywhere, "--set", "http.open=yes")
    assert ask(f"{serving(running).url}/api/v1/status").status == 200
    token = make_token(smelt, "a", "status")
    eventually("the API is closed", lambda: ask(f"{serving(running).url}/api/v1/status").status == 401)
    assert running.end().code == 0
    running = smelt.start("serve", *everywhere)
    url = serving(running).url
    assert [ask(f"{url}/api/v1/status", given).status for given in (None, token)] == [401, 200]
    (smelt.data / "tokens.json").unlink()
    eventually("without its file no token is valid", lambda: ask(f"{url}/api/v1/status", token).status == 401)
    assert ask(f"{url}/api/v1/status").status == 401
    assert running.end().code == 0


def test_a_browser_signs_in_and_out(smelt: Smelt, guarded: tuple[str, dict[str, str]]) -> None:
    url, tokens = guarded
    session = f"{url}/api/v1/session"
    assert ask(session, None, "POST").status == 403  # a form of a stranger could send this
    assert ask(session, "wrong", "POST", Smelt_Request="yes").status == 401
    assert ask(f"{url}/api/v1/status", tokens["status"], "POST", Smelt_Request="yes").status == 405
    begun = ask(session, tokens["status"], "POST", Smelt_Request="yes")
    assert begun.status == 200 and json.loads(begun.body) == {"open": False, "token": "one-status", "scopes": "status"}
    cookie = begun.fields["Set-Cookie"]
    assert re.fullmatch(r"smelt_session=[0-9a-f]{64}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict", cookie)
    assert tokens["status"].removeprefix("smelt_") not in cookie
    sent = f"theme=dark; {cookie.split(';')[0]}"
    assert [ask(url + path, Cookie=sent).status for path in ("/api/v1/status", "/api/v1/overview", "/api/v1/session")] == [200, 403, 200]
    assert ask(session, None, "POST", Cookie=sent, Smelt_Request="yes").status == 400  # a session does not prolong itself
    assert ask(session, None, "DELETE", Cookie=sent).status == 403 and ask(session, Cookie=sent).status == 200
    ended = ask(session, None, "DELETE", Cookie=sent, Smelt_Request="yes")
    assert ended.status == 204 and "Max-Age=0" in ended.fields["Set-Cookie"]
    assert ask(session, Cookie=sent).status == 401
    begun = ask(session, tokens["raw"], "POST", Smelt_Request="yes")
    sent = begun.fields["Set-Cookie"].split(";")[0]
    assert ask(session, Cookie=sent).status == 200
    assert smelt.run("token", "revoke", "one-raw").code == 0
    eventually("a session ends with its token", lambda: ask(session, Cookie=sent).status == 401)


def test_nobody_else_on_the_machine_can_read_the_lake(smelt: Smelt) -> None:
    """Whatever the umask of the shell is."""
    before = os.umask(0)
    try:
        filled(smelt, 50)
    finally:
        os.umask(before)
    paths = [smelt.data, *Path(smelt.data).rglob("*")]
    assert any(path.suffix == ".duckdb" for path in paths)
    wide = [f"{path} {stat.S_IMODE(path.stat().st_mode):o}" for path in paths if path.stat().st_mode & 0o077]
    assert not wide, wide


def test_paths_and_addresses_are_for_operators(guarded: tuple[str, dict[str, str]], smelt: Smelt) -> None:
    """Words for all, places for admin: in the status, in runs, in probes and in errors."""
    url, tokens = guarded
    place = str(smelt.data)
    eventually("an operator sees places", lambda: place in ask(f"{url}/api/v1/status", tokens["admin"]).body.decode())
    assert "smelt publish" in ask(f"{url}/api/v1/overview", tokens["admin"]).body.decode()
    for path, token in (("/api/v1/status", "status"), ("/api/v1/overview", "aggregate"), ("/api/v1/runs", "status"), ("/readyz", None), ("/livez", None)):
        body = ask(url + path, tokens[token] if token else None).body.decode()
        assert not any(word in body for word in ("/lake", "bootstrap", "9092", "smelt publish")), body
    parts = json.loads(ask(f"{url}/api/v1/status", tokens["status"]).body)["components"]
    assert {key for part in parts for key in part} <= {"name", "title", "state", "since", "verified_at", "generation", "live", "detail"} and len(parts) > 5


def test_runs_have_no_places_either(smelt: Smelt) -> None:
    assert smelt.run("produce", "-n", "50", "--out", "events.jsonl").code == 0
    smelt.run("run", "--from", "events.jsonl")
    operator, other = make_token(smelt, "operator", "admin"), make_token(smelt, "other", "status")
    running = smelt.start("serve", *FREE_PORT)
    runs = f"{serving(running).url}/api/v1/runs"
    all_of_it, rest = ask(runs, operator), ask(runs, other)
    (run,), (redacted,) = json.loads(all_of_it.body)["runs"], json.loads(rest.body)["runs"]
    assert run["steps"][0]["summary"] is not None and redacted["steps"][0]["summary"] is None
    assert run["steps"][0]["state"] == redacted["steps"][0]["state"] == "done" and str(smelt.data) not in rest.body.decode()
    assert all_of_it.fields["ETag"] != rest.fields["ETag"]
    assert running.end().code == 0


def test_logs_say_who_asked(smelt: Smelt) -> None:
    token = make_token(smelt, "anna", "status,entities")
    running = smelt.start("serve", *FREE_PORT, "--set", "http.access_log=yes", "--set", "http.audit_log=log")
    url = serving(running).url
    for number, path in enumerate(("/api/v1/status", "/api/v1/subscribers/SUB-7", "/nothing/SUB-8")):
        assert ask(url + path, token, Request_Id=f"r-{number}").fields["Request-Id"] == f"r-{number}"
    made = ask(f"{url}/livez", Request_Id="with a blank").fields["Request-Id"]
    assert re.fullmatch("[0-9a-f]{16}", made)
    ask(f"{url}/api/v1/session", token, "POST", Smelt_Request="yes")
    assert running.end().code == 0
    lines = [json.loads(line) for line in running.stderr.splitlines()]
    said = {name: [line["message"] for line in lines if line["component"] == name] for name in ("access", "audit")}
    assert [re.sub(r", \d+ bytes after [\d.]+ ms", "", line) for line in said["access"][:4]] == [
        "anna GET /api/v1/status: 200, request r-0",
        "anna GET /api/v1/{entities}/{id}: 503, request r-1",
        "- GET (none): 404, request r-2",
        f"- GET /livez: 200, request {made}",
    ]
    assert re.fullmatch(r"anna POST /api/v1/session: 200, \d+ bytes after [\d.]+ ms, request [0-9a-f]{16}", said["access"][4])
    assert said["audit"][0] == "anna GET /api/v1/subscribers/SUB-7: 503, request r-1"
    assert re.fullmatch("anna POST /api/v1/session: 200, request [0-9a-f]{16}", said["audit"][1])
    assert token not in running.stderr


def test_a_trusted_proxy_says_that_it_came_over_tls(smelt: Smelt) -> None:
    token = make_token(smelt, "a", "status")
    for trusted, secure in (("127.0.0.0/8,::1", True), ("10.0.0.0/8", False), ("", False)):
        running = smelt.start("serve", *FREE_PORT, "--set", f"http.trusted_proxies={trusted}")
        session = f"{serving(running).url}/api/v1/session"
        cookies = [ask(session, token, "POST", Smelt_Request="yes", X_Forwarded_Proto=proto).fields["Set-Cookie"] for proto in ("https", "http")]
        assert [cookie.endswith("; Secure") and cookie.startswith("__Host-") for cookie in cookies] == [secure, False], trusted
        assert running.end().code == 0
    refused = smelt.run("serve", *FREE_PORT, "--set", "http.trusted_proxies=proxy.example")
    assert refused.code == 78 and "proxy.example" in refused.error


def test_a_token_that_asks_too_often_waits(smelt: Smelt) -> None:
    token, other = make_token(smelt, "a", "status"), make_token(smelt, "b", "status")
    running = smelt.start("serve", *FREE_PORT, "--set", "http.token_rate=2")
    url = f"{serving(running).url}/api/v1/status"
    first = [ask(url, token) for _ in range(20)]
    late = [answer for answer in first if answer.status == 429]
    assert first[0].status == 200 and late and all(answer.fields["Retry-After"] == "1" for answer in late)
    assert ask(url, other).status == 200 and ask(f"{serving(running).url}/livez").status == 200
    eventually("it may ask again", lambda: ask(url, token).status == 200)
    assert running.end().code == 0


def api_part(report: dict[str, Any]) -> dict[str, Any]:
    return next((part for part in report["components"] if part["name"] == "api"), {"state": "not looked at"})


def test_tokens_that_cannot_be_read_are_in_the_status(smelt: Smelt) -> None:
    token = make_token(smelt, "x", "status")
    running = smelt.start("serve", *FREE_PORT, "--set", "status.interval=100ms")
    url = serving(running).url
    eventually("the first look", lambda: api_part(json.loads(ask(f"{url}/api/v1/status", token).body))["state"] == "ok")
    path = smelt.data / "tokens.json"
    good = path.read_bytes()
    path.write_bytes(os.urandom(60))
    found = api_part(smelt.run("status").summary)
    assert found["state"] in ("degraded", "down") and "Every request is refused" in found["detail"] and "tokens.json" in found["detail"], found
    path.write_bytes(good)
    eventually("it opens again", lambda: ask(f"{url}/api/v1/status", token).status == 200)
    assert running.end().code == 0
    assert "Every request is refused" not in api_part(smelt.run("status").summary)["detail"]
