"""A real schema registry on this machine, and messages as its serializers write them."""

from __future__ import annotations

import contextlib
import http.server
import io
import json
import os
import ssl
import struct
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastavro
from harness import eventually, free_port

Json = dict[str, Any]
HOME = Path(os.environ.get("REGISTRY_HOME", ""))
CONTENT = "application/vnd.schemaregistry.v1+json"


class Registry:
    """Apicurio with its database in memory: what was registered is gone when it stops, ids begin again at 1."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/apis/ccompat/v7"

    def start(self) -> None:
        jars = sorted(HOME.glob("*-runner.jar"))
        assert jars, f"no schema registry in '{HOME}' (REGISTRY_HOME): run tools/bootstrap test"
        options = [f"-Dquarkus.http.port={self.port}", "-Dquarkus.http.host=127.0.0.1", "-Xmx400m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        with (self.folder / "registry.log").open("ab") as log:
            self.process = subprocess.Popen(["java", *options, "-jar", jars[0]], cwd=self.folder, stdout=log, stderr=log)
        eventually("the schema registry answers", self.answers, seconds=120)

    def answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, (self.folder / "registry.log").read_text()[-3000:]
        with contextlib.suppress(OSError):
            return self.ask("/subjects") is not None
        return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)
        self.process = None

    def ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers={"Content-Type": CONTENT})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def register(self, subject: str, schema: Any, references: list[Json] | None = None, kind: str = "AVRO") -> int:
        text = schema if isinstance(schema, str) else json.dumps(schema)
        return self.ask(f"/subjects/{subject}/versions", {"schema": text, "schemaType": kind, "references": references or []})["id"]


def avro(schema_id: int, schema: Any, value: Any) -> bytes:
    """A message as Confluent's serializer writes it."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, value)
    return prefixed(schema_id, out.getvalue())


def prefixed(schema_id: int, body: bytes) -> bytes:
    return b"\0" + struct.pack(">I", schema_id) + body


class InFront(http.server.ThreadingHTTPServer):
    """Stands before a registry and answers with `status` instead when that is set, or without the right Authorization."""

    def __init__(self, registry: Registry, authorization: str = "", certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.registry, self.authorization, self.certificate = registry, authorization, certificate
        if certificate is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate)
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.status, self.location, self.page = 0, "", b""
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http{'s' if self.certificate else ''}://127.0.0.1:{self.server_address[1]}"


class Answer(http.server.BaseHTTPRequestHandler):
    server: InFront

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        status, body = self.server.status, b'{"error_code": 50001, "message": "not now"}'
        if not status and self.server.authorization and self.headers.get("Authorization") != self.server.authorization:
            status, body = 401, b"Unauthorized"
        if not status:
            try:
                with urllib.request.urlopen(self.server.registry.url + self.path, timeout=30) as answer:
                    status, body = 200, answer.read()
            except urllib.error.HTTPError as answer:
                status, body = answer.code, answer.read()
        if self.server.page:
            status, body = self.server.status or 200, self.server.page
        self.send_response(status)
        if self.server.location:
            self.send_header("Location", self.server.location.replace("PATH", self.path))
        self.send_header("Content-Type", CONTENT)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError):  # who does not trust us goes away
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def in_front(registry: Registry, authorization: str = "", certificate: Path | None = None) -> Iterator[InFront]:
    with InFront(registry, authorization, certificate) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
