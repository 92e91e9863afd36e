"""A log that nobody reads: a stuck collector, a pipe to a program that waits. It loses lines, and nothing else."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import FREE_PORT, Smelt, filled, free_port

LOG_LIMIT = 1 << 20  # bytes of lines that wait for a reader: see src/base/log.c


class Unread:
    """A smelt whose stderr is a small pipe that is not read until `lines`."""

    def __init__(self, smelt: Smelt, *args: str | Path) -> None:
        self.reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        command = [smelt.binary, *args]
        self.process = subprocess.Popen(command, env=smelt.env, cwd=smelt.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=writer)
        os.close(writer)

    def end(self, seconds: float = 5) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def read_some(self, until: str, seconds: float = 20) -> str:
        os.set_blocking(self.reader, False)
        text, deadline = "", time.monotonic() + seconds
        while until not in text:
            assert time.monotonic() < deadline, f"'{until}' is not in: {text[-2000:]}"
            try:
                text += os.read(self.reader, 65536).decode()
            except BlockingIOError:
                time.sleep(0.02)
        return text


@contextmanager
def unread(smelt: Smelt, *args: str | Path) -> Iterator[Unread]:
    running = Unread(smelt, *args)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()
        os.close(running.reader)


def connected(port: int, seconds: float = 20) -> http.client.HTTPConnection:
    deadline = time.monotonic() + seconds
    while True:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            client.connect()
            return client
        except OSError:
            assert time.monotonic() < deadline, "nothing listens"
            time.sleep(0.05)


def ask(client: http.client.HTTPConnection, path: str) -> None:
    client.request("GET", path)
    answer = client.getresponse()
    answer.read()
    assert answer.status == 200, (path, answer.status)


def test_a_log_that_nobody_reads_stops_neither_requests_nor_the_end(offline: Smelt) -> None:
    port = free_port()
    with unread(filled(offline), "serve", "--set", f"http.listen=127.0.0.1:{port}", "--set", "http.access_log=true") as running:
        client = connected(port)
        size = 150  # of a line at least
        for _ in range(LOG_LIMIT // size):
            ask(client, "/livez")
        log = running.read_some("log lines were dropped")
        (told,) = re.findall(r"(\d+) log lines were dropped", log)
        assert int(told) > 0
        lines = log[: log.rindex("\n")].splitlines()
        assert all(json.loads(line) for line in lines), "each line is whole"
        ask(client, "/livez")
        running.read_some("access", 10)  # after it every line comes again
        assert running.end() == 0


def test_up_with_a_log_that_nobody_reads_ends_when_asked(offline: Smelt) -> None:
    port = free_port()
    noisy = ("--set", "log.level=debug", "--set", "kafka.debug=all", "--set", f"http.listen=127.0.0.1:{port}")
    with unread(offline, "up", *FREE_PORT, *noisy) as running:
        client = connected(port)
        for _ in range(20):
            ask(client, "/livez")
            time.sleep(0.1)
        assert running.end() == 0
