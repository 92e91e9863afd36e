"""HTTP against the real binary: raw requests, each with what must come of it, and whole connections."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from harness import FREE_PORT, Smelt, eventually, serving
from http_corpus import CORPUS, SMUGGLED, Case


class Answer(NamedTuple):
    status: int
    fields: dict[str, str]
    body: bytes


def converse(connection: socket.socket, *sent: bytes) -> bytes:
    """All that the server says until it closes. It may do so before it has read everything."""
    got = b""
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        for part in sent:
            connection.sendall(part)
        while part := connection.recv(65536):
            got += part
    return got


def exchange(address: tuple[str, int], *sent: bytes) -> bytes:
    with socket.create_connection(address, timeout=30) as connection:
        return converse(connection, *sent)


def answers(data: bytes, method: bytes = b"GET") -> list[Answer]:
    """Takes apart what a server said: each answer has a status line, fields, and a length."""
    found = []
    while data:
        head, mark, data = data.partition(b"\r\n\r\n")
        assert mark, f"an answer without an end: {head!r}"
        line, *lines = head.decode("ascii").split("\r\n")
        status = re.fullmatch(r"HTTP/1\.1 (\d{3}) [A-Za-z -]+", line)
        assert status, line
        fields = {name.lower(): value for name, value in (each.split(": ", 1) for each in lines)}
        assert len(fields) == len(lines), f"a field twice: {lines}"
        length = 0 if method == b"HEAD" or status[1] in ("204", "304") else int(fields["content-length"])
        assert len(data) >= length
        found.append(Answer(int(status[1]), fields, data[:length]))
        data, method = data[length:], b"GET"
    return found


def complaint(address: tuple[str, int], case: Case) -> str | None:
    """What is wrong with the answers to the case and to a request behind it; None: nothing."""
    method = case.sent.lstrip().split(b" ", 1)[0]
    got = answers(exchange(address, case.sent + SMUGGLED), method)
    wanted = [case.status, 200] if case.goes_on else [case.status]
    if [answer.status for answer in got] != wanted:
        return f"{case.name}: {[answer.status for answer in got]}, not {wanted}"
    first = got[0]
    if "nosniff" not in first.fields.get("x-content-type-options", "") or "date" not in first.fields or "content-security-policy" not in first.fields:
        return f"{case.name}: fields are missing: {first.fields}"
    if (first.fields["connection"] == "close") == case.goes_on:
        return f"{case.name}: Connection: {first.fields['connection']}"
    if case.status >= 400 and (first.fields["content-type"] != "application/problem+json" or (method != b"HEAD" and json.loads(first.body)["status"] != case.status)):
        return f"{case.name}: no problem document: {first}"
    if case.status in (204, 405) and first.fields.get("allow") != "GET, HEAD, OPTIONS":
        return f"{case.name}: no Allow"
    return None


@pytest.fixture
def address(new_smelt: Callable[..., Smelt]) -> Iterator[tuple[str, int]]:
    running = new_smelt().start("serve", *FREE_PORT)
    host, port = serving(running).url.removeprefix("http://").split(":")
    yield host, int(port)
    assert running.end().code == 0


def test_every_request_of_the_corpus(address: tuple[str, int]) -> None:
    assert len(CORPUS) >= 300 and len({case.sent for case in CORPUS}) >= 300
    wrong = [found for case in CORPUS if (found := complaint(address, case))]
    assert not wrong, "\n".join(wrong)


def test_where_a_request_was_cut_changes_nothing(address: tuple[str, int]) -> None:
    """Byte by byte, and in two parts at each place."""
    for case in CORPUS[:: len(CORPUS) // 25]:
        sent = (case.sent + SMUGGLED)[:2000]
        whole = [answer.status for answer in answers(exchange(address, sent), case.sent.split(b" ", 1)[0])]
        parts = [sent[i : i + 1] for i in range(len(sent))]
        assert [answer.status for answer in answers(exchange(address, *parts), case.sent.split(b" ", 1)[0])] == whole, case.name


def test_many_requests_at_once_are_answered_in_order(address: tuple[str, int]) -> None:
    targets = [b"/livez", b"/ui/smelt.css", b"/nothing", b"/readyz", b"/ui/icon.svg"] * 20
    sent = b"".join(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % target for target in targets) + SMUGGLED
    statuses = {b"/livez": 200, b"/ui/smelt.css": 200, b"/nothing": 404, b"/readyz": 503, b"/ui/icon.svg": 200}
    assert [answer.status for answer in answers(exchange(address, sent))] == [statuses[target] for target in targets] + [200]


def test_a_client_that_only_closes_its_sending_side_is_answered(address: tuple[str, int]) -> None:
    for target, status in ((b"/livez", 200), (b"/readyz", 503), (b"/ui/smelt.css", 200), (b"/api/v1/overview", 503), (b"/metrics", 200)):
        with socket.create_connection(address, timeout=30) as connection:
            connection.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % target)
            connection.shutdown(socket.SHUT_WR)
            got = b""
            while part := connection.recv(65536):
                got += part
        assert [answer.status for answer in answers(got)] == [status]


def test_clients_that_went_away_leave_nothing_behind(address: tuple[str, int]) -> None:
    """Half a request, a whole one, and one whose answer is not read."""
    for n in range(300):
        connection = socket.create_connection(address, timeout=30)
        connection.sendall((b"GET /liv", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /ui/app.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)[n % 3])
        connection.close()

    def open_connections() -> list[str]:
        body = answers(exchange(address, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))[0].body.decode()
        return re.findall(r"^smelt_http_connections (\d+)$", body, re.MULTILINE)  # none while too many ask

    eventually("only the connection that asks", lambda: open_connections() == ["1"])


def test_more_hosts_are_a_setting(new_smelt: Callable[..., Smelt]) -> None:
    def asked(port: int, host: str) -> int:
        return answers(exchange(("127.0.0.1", port), b"GET /livez HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % host.encode()))[0].status

    for settings, good, bad in (
        (["http.hosts=smelt.example, other"], ["smelt.example", "OTHER:80", "localhost"], ["x.smelt.example", "10.0.0.1"]),
        (["http.hosts=*"], ["evil.example"], []),
        (["http.hosts=dot.example."], ["dot.example", "dot.example."], ["x.dot.example"]),
        (["http.listen=0.0.0.0:0", "http.open=yes"], ["10.0.0.1:8080", "[fd00::1]", "localhost"], ["evil.example", "10.0.0.1.evil.example"]),
    ):
        arguments = [part for setting in settings for part in ("--set", setting)]
        running = new_smelt().start("serve", *FREE_PORT, *arguments)
        port = int(serving(running).url.rsplit(":", 1)[1])
        assert [asked(port, host) for host in good] == [200] * len(good) and [asked(port, host) for host in bad] == [421] * len(bad), settings
        assert running.end().code == 0
    refused = new_smelt().run("serve", *FREE_PORT, "--set", "http.hosts=a b")
    assert refused.code == 78 and "http.hosts" in refused.error
    for wildcard in ("*.example.com", "a.*", "smelt.example,*x"):
        refused = new_smelt().run("serve", *FREE_PORT, "--set", f"http.hosts={wildcard}")
        assert refused.code == 78 and "http.hosts" in refused.error and "each name" in refused.error, refused
