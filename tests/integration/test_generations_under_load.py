"""Generations that follow each other every second while clients read: no request fails, no answer is of two generations, and nothing is left behind."""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
from harness import FREE_PORT, Smelt, eventually, filled, serving

SECONDS, STEP = 10, 1_000_000
MEMORY_MIB = 256  # the sanitizer keeps what was freed for a while; without it a few
PATHS = ("/api/v1/subscribers?limit=100", "/api/v1/subscribers?limit=100&sort=id&fields=total_events", "/api/v1/overview", "/api/v1/subscribers/{id}", "/api/v1/subscribers?search=SUB")


def open_lake(smelt: Smelt) -> duckdb.DuckDBPyConnection | None:
    """None while the server looks at it for its status."""
    try:
        return duckdb.connect(str(smelt.data / "lake.duckdb"))
    except duckdb.IOException:
        return None


def publish_number(smelt: Smelt, number: int) -> None:
    """Every row of the generation says which it is."""
    with eventually("nobody has the lake", lambda: open_lake(smelt)) as conn:
        conn.execute(f"UPDATE gold_features_base SET total_events = total_events % {STEP} + {number} * {STEP}; UPDATE gold_base SET base_id = uuid()")
    assert smelt.run("publish", "--full").code == 0


def numbers_of(answer: Any) -> set[int]:
    rows = answer.get("items", [answer.get("features", {})])
    return {row["total_events"] // STEP for row in rows if "total_events" in row}


class Reader(threading.Thread):
    def __init__(self, url: str, who: str, done: threading.Event) -> None:
        super().__init__(daemon=True)
        self.address, self.who, self.done = urlsplit(url).netloc, who, done
        self.asked, self.seen, self.wrong = 0, set[int](), list[str]()

    def look(self, path: str, answer: Any) -> None:
        generation, numbers = answer["generation"], numbers_of(answer)
        if numbers and numbers != {generation}:
            self.wrong.append(f"{path} of generation {generation} has rows of {numbers}")
        if generation < max(self.seen, default=0):
            self.wrong.append(f"{path} of generation {generation} after {max(self.seen)}")
        self.seen.add(generation)

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.address, timeout=60)
        while not self.done.is_set():
            path = PATHS[self.asked % len(PATHS)].format(id=self.who)
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            self.asked += 1
            if answer.status != 200:
                self.wrong.append(f"{path}: {answer.status} {body[:200]!r}")
                return
            self.look(path, json.loads(body))


def resident_mib(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def open_snapshots(pid: int) -> int:
    targets = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir() if entry.is_symlink()]
    return sum(".duckdb" in target and ".lock" not in target for target in targets)


def test_generations_follow_each_other_under_load(new_smelt: Callable[..., Smelt]) -> None:
    smelt = filled(new_smelt(), steps=("refine",))
    publish_number(smelt, 1)
    running = smelt.start("serve", *FREE_PORT)
    api = serving(running)
    who = api.get("/api/v1/subscribers?limit=1")["items"][0]["subscriber_id"]
    done = threading.Event()
    readers = [Reader(api.url, who, done) for _ in range(4)]
    for reader in readers:
        reader.start()
    until, number, warm = time.monotonic() + SECONDS, 1, 0.0
    while time.monotonic() < until or number < 6:
        number += 1
        publish_number(smelt, number)
        eventually("the server has it", lambda: api.get("/api/v1/overview")["generation"] == number)
        warm = warm or (resident_mib(running.process.pid) if number == 4 else 0.0)
    grown = resident_mib(running.process.pid) - warm
    done.set()
    for reader in readers:
        reader.join()
    assert [reader.wrong for reader in readers] == [[]] * 4
    assert all(len(reader.seen) > 3 and reader.asked > 20 for reader in readers)
    assert grown < MEMORY_MIB, f"{grown:.0f} MiB more after {number} generations"
    eventually("the earlier ones are closed", lambda: open_snapshots(running.process.pid) <= 4)  # three that were paged are kept for cursors
    assert running.end().code == 0
