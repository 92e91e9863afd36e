"""The API over TLS: whole conversations, certificates that are renewed, and what is no TLS."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import Running, Smelt, eventually, free_port
from http_corpus import CORPUS, SMUGGLED
from test_http import answers, converse


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Of its own, for localhost; `name` is in its subject."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    subprocess.run([*command, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


class Served:
    def __init__(self, smelt: Smelt, running: Running, certificate: Path, key: Path, port: int) -> None:
        self.smelt, self.running, self.certificate, self.key, self.port = smelt, running, certificate, key, port

    def connect(self) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=self.certificate)
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), timeout=30), server_hostname="localhost")

    def exchange(self, *sent: bytes) -> bytes:
        with self.connect() as connection:
            return converse(connection, *sent)

    def subject(self) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as raw, context.wrap_socket(raw) as connection:
            got = connection.getpeercert(binary_form=True)
        assert got is not None
        shown = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject"], input=got, check=True, capture_output=True)
        return shown.stdout.decode().strip()


@pytest.fixture
def served(new_smelt: Callable[..., Smelt], tmp_path: Path) -> Iterator[Served]:
    smelt = new_smelt()
    certificate, key = make_certificate(tmp_path, "first")
    port = free_port()
    smelt.env |= {"SMELT_HTTP_LISTEN": f"127.0.0.1:{port}", "SMELT_HTTP_TLS_CERTIFICATE": str(certificate), "SMELT_HTTP_TLS_KEY": str(key)}
    running = smelt.start("serve")
    eventually("it listens", lambda: f"listening at https://127.0.0.1:{port}" in running.stderr)
    yield Served(smelt, running, certificate, key, port)
    assert running.end().code == 0


def test_requests_of_the_corpus_end_as_without_tls(served: Served) -> None:
    wrong = []
    for case in CORPUS[::12]:
        method = case.sent.lstrip().split(b" ", 1)[0]
        got = [answer.status for answer in answers(served.exchange(case.sent + SMUGGLED), method)]
        if got != ([case.status, 200] if case.goes_on else [case.status]):
            wrong.append(f"{case.name}: {got}")
    assert not wrong, "\n".join(wrong)


def test_many_requests_and_long_answers_over_one_connection(served: Served) -> None:
    """A record holds many requests, of which the last ends in the next record: what TLS has already taken from the socket is not forgotten."""
    targets = [b"/livez", b"/ui/app.js", b"/nothing", b"/metrics", b"/ui/vendor/uPlot.iife.min.js"] * 20
    sent = b"".join(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % target for target in targets) + SMUGGLED
    statuses = {b"/nothing": 404}
    for cut in (len(sent), 5000, 16384, 17):
        parts = [sent[at : at + cut] for at in range(0, len(sent), cut)]
        assert [answer.status for answer in answers(served.exchange(*parts))] == [statuses.get(target, 200) for target in targets] + [200], cut


def test_an_answer_waits_for_a_slow_reader(served: Served) -> None:
    with served.connect() as connection:
        for _ in range(100):
            connection.sendall(b"GET /ui/vendor/uPlot.iife.min.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.sendall(SMUGGLED)
        got = b""
        while part := connection.recv(1000 if len(got) < 100_000 else 65536):
            got += part
    assert [answer.status for answer in answers(got)] == [200] * 101


def test_a_renewed_certificate_needs_no_restart(served: Served, tmp_path: Path) -> None:
    assert served.subject().endswith("first")
    good = served.certificate.read_bytes()
    served.certificate.write_text("no certificate")
    eventually("the bad one is refused", lambda: "stays in use" in served.running.stderr)
    assert served.subject().endswith("first")
    served.certificate.write_bytes(good)
    with served.connect() as old:
        certificate, key = make_certificate(tmp_path, "second")
        key.replace(served.key)
        certificate.replace(served.certificate)
        eventually("the new one is used", lambda: served.subject().endswith("second"))
        old.sendall(SMUGGLED)
        assert old.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
def test_what_is_no_tls_gets_no_answer(served: Served) -> None:
    for sent in (b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01", b"\x00" * 5000):
        with socket.create_connection(("127.0.0.1", served.port), timeout=30) as connection:
            connection.sendall(sent)
            with contextlib.suppress(OSError):  # it may have been reset already, also before this side has ended
                connection.shutdown(socket.SHUT_WR)
                assert not connection.recv(100).startswith(b"HTTP")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as raw, pytest.raises((ssl.SSLError, ConnectionResetError)):
        old.wrap_socket(raw)
    assert answers(served.exchange(SMUGGLED))[0].status == 200


def test_a_session_is_bound_to_tls(served: Served) -> None:
    token = served.smelt("token", "create", "a", "--scopes", "status")["token"]
    line = b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nSmelt-Request: x\r\nAuthorization: Bearer %s\r\n\r\n" % token.encode()
    (answer,) = eventually("the token is known", lambda: [a for a in answers(served.exchange(line)) if "set-cookie" in a.fields])
    cookie = answer.fields["set-cookie"]
    assert re.fullmatch(r"__Host-smelt_session=[0-9a-f]{64}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure", cookie)
    asked = served.exchange(b"GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: %s\r\n\r\n" % cookie.split(";")[0].encode())
    assert json.loads(answers(asked)[0].body)["token"] == "a"


def test_status_asks_over_tls(served: Served) -> None:
    parts = {part["name"]: part for part in served.smelt.run("status").summary["components"]}
    assert parts["api"]["state"] == "ok", parts["api"]


def test_wrong_files_are_refused_with_their_name(new_smelt: Callable[..., Smelt], tmp_path: Path) -> None:
    smelt = new_smelt()
    certificate, key = make_certificate(tmp_path, "a")
    _, other = make_certificate(tmp_path, "b")
    pipe, empty = tmp_path / "pipe", tmp_path / "empty.pem"
    os.mkfifo(pipe)
    empty.write_text("")
    for settings, word in (
        ((certificate, ""), "http.tls.key is not set"),
        (("", key), "http.tls.certificate is not set"),
        ((tmp_path / "none.pem", key), "http.tls.certificate: cannot open .*none.pem: No such file"),
        ((certificate, tmp_path / "none.key"), "http.tls.key: cannot open .*none.key: No such file"),
        ((certificate, certificate), "http.tls.key: there is no private key in PEM in .*a.pem"),
        ((key, key), "http.tls.certificate: there is no certificate in PEM in .*a.key"),
        (("/dev/null", key), "http.tls.certificate: /dev/null is a device"),
        ((tmp_path, key), "http.tls.certificate: .* is a folder"),
        ((pipe, key), "http.tls.certificate: .*pipe is a named pipe"),
        ((empty, key), "http.tls.certificate: there is no certificate in PEM in .*empty.pem"),
        ((certificate, other), "http.tls.key: the key in .*b.key does not belong to the certificate in .*a.pem"),
    ):
        refused = smelt.run("serve", "--set", "http.listen=127.0.0.1:0", "--set", f"http.tls.certificate={settings[0]}", "--set", f"http.tls.key={settings[1]}")
        assert refused.code == 78 and re.search(word, refused.error), (refused.code, refused.error)


@pytest.mark.parametrize("name", ["ssl.ca.location", "ssl.certificate.location", "ssl.key.location"])
def test_files_for_kafka_are_refused_with_their_name(new_smelt: Callable[..., Smelt], tmp_path: Path, name: str) -> None:
    smelt = new_smelt(kafka_bootstrap="127.0.0.1:1", kafka_security_protocol="ssl")
    pipe, text = tmp_path / "pipe", tmp_path / "text.pem"
    os.mkfifo(pipe)
    text.write_text("no certificate")
    certificate, key = make_certificate(tmp_path, "good")
    for good, path in (("ssl.certificate.location", certificate), ("ssl.key.location", key)):
        smelt.env["SMELT_KAFKA_" + good.upper().replace(".", "_")] = str(path)
    for path, says in ((tmp_path / "none.pem", "No such file"), (pipe, "a named pipe"), (text, "text.pem")):
        refused = smelt.run("ingest", "--timeout", "5s", "--set", f"kafka.{name}={path}", seconds=30)
        assert refused.code == 78 and f"kafka.{name}" in refused.error and says in refused.error and path.name in refused.error, refused
