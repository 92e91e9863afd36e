"""Snapshots as files over HTTP: whole, in ranges, unchanged for ever, and only for tokens."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from harness import FREE_PORT, ROOT, Smelt, eventually, filled, serving
from test_access import Answer, ask, make_token


class Served:
    def __init__(self, smelt: Smelt) -> None:
        self.smelt = smelt
        self.token = make_token(smelt, "reader", "query")
        self.running = smelt.start("serve", *FREE_PORT)
        self.url = serving(self.running).url

    def get(self, path: str, method: str = "GET", **fields: str) -> Answer:
        return ask(f"{self.url}/api/v1/snapshots/{path}", self.token, method, **fields)


@pytest.fixture
def served(new_smelt: Callable[..., Smelt]) -> Iterator[Served]:
    smelt = filled(new_smelt())
    found = Served(smelt)
    yield found
    assert found.running.end().code == 0


def test_a_snapshot_is_given_whole_and_in_ranges(served: Served) -> None:
    current = json.loads(served.get("current").body)
    kept = (served.smelt.data / "snapshots/gen-00000001.duckdb").read_bytes()
    assert current["url"] == "/api/v1/snapshots/1.duckdb" and current["bytes"] == len(kept)
    whole = served.get("1.duckdb", Accept_Encoding="gzip")
    assert whole.status == 200 and whole.body == kept and whole.fields["Content-Encoding"] is None
    assert whole.fields["ETag"] == current["etag"] and not whole.fields["ETag"].startswith("W/") and "immutable" in whole.fields["Cache-Control"]
    assert whole.fields["Accept-Ranges"] == "bytes"
    head = served.get("1.duckdb", "HEAD")
    assert head.fields["Content-Length"] == str(len(kept)) and head.body == b""
    size = len(kept)
    for sent, first, last in (("bytes=0-0", 0, 0), ("bytes=8-11", 8, 11), (f"bytes={size - 5}-", size - 5, size - 1), ("bytes=-7", size - 7, size - 1),
                              (f"bytes=100-{size * 2}", 100, size - 1), (f"bytes=-{size * 2}", 0, size - 1), ("bytes=1000-700000", 1000, 700000)):  # fmt: skip
        part = served.get("1.duckdb", Range=sent)
        assert (part.status, part.fields["Content-Range"]) == (206, f"bytes {first}-{last}/{size}"), sent
        assert part.body == kept[first : last + 1]
    for sent in (f"bytes={size}-", "bytes=-0", f"bytes={size + 5}-{size + 9}"):
        refused = served.get("1.duckdb", Range=sent)
        assert (refused.status, refused.fields["Content-Range"]) == (416, f"bytes */{size}")
    for sent in ("bytes=5-2", "bytes=a-b", "bytes=0-1,4-5", "lines=0-1", "bytes=", "bytes=-", "bytes=0x1-2", f"bytes={'9' * 30}-"):
        assert served.get("1.duckdb", Range=sent).status == 200, sent
    assert served.get("1.duckdb", Range="bytes=0-3", If_Range='"other"').status == 200
    assert served.get("1.duckdb", Range="bytes=0-3", If_Range=current["etag"]).status == 206
    assert served.get("1.duckdb", If_None_Match=current["etag"]).status == 304


def test_nothing_else_has_an_address(served: Served) -> None:
    for name in ("1.duckdb.wal", "1.duckdb.lock", "2.duckdb", "0.duckdb", "01.duckdb", "-1.duckdb", "CURRENT", "gen-00000001.duckdb", "1.parquet", "..%2flake.duckdb", "1", "999999999999999999999.duckdb"):
        assert served.get(name).status == 404, name
    assert served.get("1.duckdb", "PUT", Smelt_Request="yes").status == 405
    other = make_token(served.smelt, "other", "entities,aggregate,status,raw")
    eventually("the server knows the token", lambda: ask(f"{served.url}/api/v1/session", other).status == 200)
    assert [ask(f"{served.url}/api/v1/snapshots/1.duckdb", token).status for token in (None, other)] == [401, 403]


def test_without_tokens_no_snapshot_is_given(new_smelt: Callable[..., Smelt]) -> None:
    running = new_smelt().start("serve", *FREE_PORT)
    url = serving(running).url
    for path in ("current", "1.duckdb"):
        refused = ask(f"{url}/api/v1/snapshots/{path}")
        assert refused.status == 403 and "smelt token create" in refused.problem["detail"]
    assert running.end().code == 0


def test_a_snapshot_that_is_being_read_stays(served: Served) -> None:
    """Eight generations later the one that a client reads is there, byte for byte; one that nobody asked for is gone."""
    first = served.get("1.duckdb")
    for _ in range(2):
        assert served.smelt.run("publish", "--full").code == 0
    assert served.get("3.duckdb").status == 200
    for _ in range(6):
        assert served.smelt.run("publish", "--full").code == 0
    again = served.get("1.duckdb")
    assert again.body == first.body and again.fields["ETag"] == first.fields["ETag"]
    assert served.get("2.duckdb").status == 404 and served.get("3.duckdb").status == 200
    copy = served.smelt.folder / "copy.duckdb"
    copy.write_bytes(again.body)
    with duckdb.connect(str(copy), read_only=True) as conn:
        assert conn.execute("SELECT count(*) > 0 FROM gold_subscriber_features").fetchone() == (True,)


def test_duckdb_attaches_a_snapshot(served: Served) -> None:
    """DuckDB itself, with its extension httpfs: every table is as in the file. Without the token it attaches nothing."""
    python = Path(os.environ["HTTPFS_VENV"]) / "bin/python"

    def attach(token: str) -> subprocess.CompletedProcess[str]:
        command = [python, ROOT / "tests/httpfs/attach.py", f"{served.url}/api/v1/snapshots/1.duckdb", token, served.smelt.data / "snapshots/gen-00000001.duckdb"]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    attached = attach(served.token)
    assert attached.returncode == 0 and int(attached.stdout) > 10, attached.stderr
    assert attach("wrong").returncode != 0
