"""Ten thousand connections, each slow in its own way: with its header, its content, or with reading its answer. The server keeps as many as it
has places, answers its probes meanwhile, and has nothing left of them afterwards."""

from __future__ import annotations

import contextlib
import errno
import resource
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import FREE_PORT, Running, Smelt, Stopwatch, eventually, serving

MOST, OURS = 10_000, 500  # OURS: other open files of this process
EACH = 200  # connections from one address: the server gives no address more than its share
PLACES = 1024 + 128  # of the server, and its other files
MEMORY_MIB = 512  # that may come on top; the sanitizer keeps what was freed for a while, up to 256
PROBE_S = 5.0  # of the server's own time: the deadline of a kubelet is not longer
HOST = b"Host: localhost\r\n"
SLOW = (
    b"GET /livez HTTP/1.1\r\n" + HOST + b"X-Slow: ",  # a header without an end
    b"POST /api/v1/session HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\n{",
    b"POST /api/v1/subscribers/lookup HTTP/1.1\r\n" + HOST + b"Smelt-Request: yes\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{",
    (b"GET /ui/app.js HTTP/1.1\r\n" + HOST + b"\r\n") * 30,  # whose answers are not read
    b"",  # not a byte
)


@pytest.fixture
def many_files() -> Iterator[int]:
    """As many as this process may open; how many connections that makes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield min(MOST, hard - OURS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def begin(address: tuple[str, int], number: int) -> socket.socket:
    """Does not wait: neither for the connection, nor for what is sent to be read."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((f"127.0.0.{2 + number // EACH}", 0))
    made.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        made.connect(address)
    return made


def send(connection: socket.socket, data: bytes) -> None:
    """As far as it goes: the server may have closed it to make room, or not have taken it yet."""
    try:
        connection.send(data)
    except OSError as problem:
        assert problem.errno in (errno.EAGAIN, errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN, errno.ECONNREFUSED), problem


def probe(address: tuple[str, int], running: Running, path: str) -> float:
    watch = Stopwatch(running.process.pid)
    with socket.create_connection(address, timeout=60) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = connection.recv(100)
    assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 503 ")), (path, answer)
    return watch.seconds()


def open_files(running: Running) -> int:
    return len(list(Path(f"/proc/{running.process.pid}/fd").iterdir()))


def memory_mib(running: Running) -> int:
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) // 1024


def test_ten_thousand_slow_connections(new_smelt: Callable[..., Smelt], many_files: int) -> None:
    running = new_smelt(kafka_bootstrap="127.0.0.1:1").start("serve", *FREE_PORT)
    host, port = serving(running).url.removeprefix("http://").split(":")
    address = (host, int(port))
    eventually("it is alive", lambda: probe(address, running, "/livez") >= 0)
    files, memory, took = open_files(running), memory_mib(running), []
    connections: list[socket.socket] = []
    until = time.monotonic() + 15  # on a machine that has no time for it, there are fewer
    try:
        while len(connections) < many_files and time.monotonic() < until:
            some = [begin(address, len(connections) + n) for n in range(500)]
            connections += some
            for number, connection in enumerate(some):
                send(connection, SLOW[number % len(SLOW)])
            for connection in connections[-1000::7]:
                send(connection, b"x")  # the next byte of a slow one
            took += [probe(address, running, path) for path in ("/livez", "/readyz")]
            assert open_files(running) <= PLACES, "more connections than places"
        assert memory_mib(running) - memory < MEMORY_MIB
    finally:
        for connection in connections:
            connection.close()
    print(f"{len(connections)} connections, probes {max(took):.2f} s at most, memory {memory} to {memory_mib(running)} MiB, {open_files(running)} files")
    assert len(connections) >= 1500 and max(took) < PROBE_S, (len(connections), took)
    eventually("their files are given back", lambda: open_files(running) <= files)
    assert probe(address, running, "/livez") < PROBE_S
    assert running.end(seconds=20).code == 0
