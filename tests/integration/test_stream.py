"""Server-sent events: what has changed, in order, from where a client was; and no more clients than there may be."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from harness import FREE_PORT, Json, Smelt, eventually, filled, serving
from test_access import ask


class Events:
    """A client, as a browser's EventSource."""

    def __init__(self, url: str, last: str | None = None, token: str | None = None) -> None:
        self.connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
        headers = {"Last-Event-ID": last, "Authorization": token and f"Bearer {token}"}
        self.connection.request("GET", "/api/v1/stream", headers={name: value for name, value in headers.items() if value})
        self.answer = self.connection.getresponse()
        self.last = last

    def close(self) -> None:
        self.answer.close()
        self.connection.close()

    def next(self) -> tuple[str, Json]:
        fields: dict[str, str] = {}
        while (line := self.answer.readline().decode().rstrip("\n")) or not fields:
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value
        self.last = fields["id"]
        return fields["event"], json.loads(fields["data"])

    def until(self, kind: str, **wanted: object) -> list[tuple[str, Json]]:
        seen = []
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            seen.append(self.next())
            if seen[-1][0] == kind and wanted.items() <= seen[-1][1].items():
                return seen
        raise AssertionError(seen)


@pytest.fixture
def smelt(new_smelt: Callable[..., Smelt]) -> Smelt:
    return filled(new_smelt(kafka_bootstrap="127.0.0.1:1"), 200)


@pytest.fixture
def url(smelt: Smelt) -> Iterator[str]:
    running = smelt.start("serve", *FREE_PORT)
    yield serving(running).url
    assert running.end().code == 0


def test_a_new_generation_is_told_and_a_client_goes_on_where_it_was(smelt: Smelt, url: str) -> None:
    with closing(Events(url)) as events:
        assert events.answer.status == 200 and events.answer.headers["Content-Type"] == "text/event-stream" and events.answer.headers["Content-Encoding"] is None
        first = events.until("counters")
        assert {kind for kind, _ in first} == {"generation", "status", "run", "counters"} and ("generation", {"generation": 1, "published": 1}) in first
        assert smelt.run("publish", "--full").code == 0
        events.until("generation", generation=2, published=2)
        here = events.last
    assert smelt.run("publish", "--full").code == 0
    with closing(Events(url, here)) as events:  # only what it does not know
        told = events.until("generation", generation=3)
        assert not [data for kind, data in told if kind == "generation" and data["generation"] < 3]
    for unknown in ("x", "0-5", f"{here}9", f"{here}-1", "-"):
        with closing(Events(url, unknown)) as events:
            assert ("generation", {"generation": 3, "published": 3}) in events.until("counters"), unknown


def test_a_token_that_is_revoked_hears_nothing_more(smelt: Smelt, url: str) -> None:
    token = str(smelt("token", "create", "board", "--scopes", "status")["token"])
    eventually("it is needed", lambda: ask(f"{url}/api/v1/status").status == 401)
    with closing(Events(url, token=token)) as events:
        events.until("counters")
        assert smelt.run("token", "revoke", "board").code == 0
        eventually("it is revoked", lambda: ask(f"{url}/api/v1/status", token).status == 401)
        assert smelt.run("publish", "--full").code == 0
        assert b"generation" not in events.answer.read()


def test_there_are_only_so_many_streams(url: str) -> None:
    clients = [Events(url) for _ in range(64)]
    assert {client.answer.status for client in clients} == {200}
    refused = ask(f"{url}/api/v1/stream")
    assert refused.status == 503 and refused.fields["Retry-After"] == "5"
    assert ask(f"{url}/api/v1/stream", None, "HEAD").status == 200 and ask(f"{url}/livez").status == 200
    for client in clients:
        client.close()
    deadline = time.monotonic() + 30
    while (again := Events(url)).answer.status != 200:
        again.close()
        assert time.monotonic() < deadline
    again.close()
