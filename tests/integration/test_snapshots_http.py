"""Snapshots as files over HTTP: whole, in ranges, unchanged for ever, and only for tokens."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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
    for named, status in ((current["etag"], 200), ("*", 200), (f'"a", {current["etag"]}', 200), ('"other"', 412), (f"W/{current['etag']}", 412)):
        assert served.get("1.duckdb", If_Match=named).status == status, named
    assert served.get("1.parquet", If_Match='"other"').status == 412
    assert served.get("1.duckdb", Range="bytes=0-3", If_Match=current["etag"]).status == 206


def test_nothing_else_has_an_address(served: Served) -> None:
    for name in ("1.duckdb.wal", "1.duckdb.lock", "2.duckdb", "0.duckdb", "01.duckdb", "-1.duckdb", "CURRENT", "gen-00000001.duckdb", "2.parquet", "1.parquet.tmp", "01.parquet", "..%2flake.duckdb", "1", "999999999999999999999.duckdb"):
        assert served.get(name).status == 404, name
    assert served.get("1.duckdb", "PUT", Smelt_Request="yes").status == 405
    other = make_token(served.smelt, "other", "entities,aggregate,status,raw")
    eventually("the server knows the token", lambda: ask(f"{served.url}/api/v1/session", other).status == 200)
    assert [ask(f"{served.url}/api/v1/snapshots/1.{kind}", token).status for kind in ("duckdb", "parquet") for token in (None, other)] == [401, 403, 401, 403]


def test_without_tokens_no_snapshot_is_given(new_smelt: Callable[..., Smelt]) -> None:
    running = new_smelt().start("serve", *FREE_PORT)
    url = serving(running).url
    for path in ("current", "1.duckdb", "1.parquet"):
        refused = ask(f"{url}/api/v1/snapshots/{path}")
        assert refused.status == 403 and "smelt token create" in refused.problem["detail"]
    assert running.end().code == 0


def rows_of(parquet: bytes, folder: Path) -> list[dict[str, Any]]:
    file = folder / "table.parquet"
    file.write_bytes(parquet)
    table = duckdb.sql(f"SELECT * FROM '{file}' ORDER BY ALL")
    return [dict(zip(table.columns, row, strict=True)) for row in table.fetchall()]


def test_a_table_of_a_snapshot_is_a_parquet_file(served: Served) -> None:
    """As the table of the file is, with scores; in ranges, the same bytes also after the server has made it anew."""
    whole = served.get("1.parquet")
    assert whole.status == 200 and whole.fields["Content-Type"] == "application/vnd.apache.parquet" and "immutable" in whole.fields["Cache-Control"]
    assert not whole.fields["ETag"].startswith("W/") and json.loads(served.get("current").body)["parquet_url"] == "/api/v1/snapshots/1.parquet"
    with duckdb.connect(str(served.smelt.data / "snapshots/gen-00000001.duckdb"), read_only=True) as conn:
        ids = [row[0] for row in conn.execute("SELECT subscriber_id FROM gold_subscriber_features ORDER BY 1").fetchall()]
    rows = rows_of(whole.body, served.smelt.folder)
    assert [row["subscriber_id"] for row in rows] == ids and "churn_probability" in rows[0] and "avg_bill_zmw" in rows[0]
    part = served.get("1.parquet", Range="bytes=-4", If_Range=whole.fields["ETag"])
    assert (part.status, part.body) == (206, b"PAR1")
    assert served.get("1.parquet", If_None_Match=whole.fields["ETag"]).status == 304
    assert served.get("1.parquet", Range=f"bytes={len(whole.body)}-").status == 416
    head = served.get("1.parquet", "HEAD")
    assert (head.status, head.fields["Content-Length"], head.body) == (200, str(len(whole.body)), b"")
    towers = served.get("1.parquet?table=gold_tower_features")
    assert "oss_tower_id" in rows_of(towers.body, served.smelt.folder)[0] and towers.fields["ETag"] != whole.fields["ETag"]
    for path in ("1.parquet?table=bronze_raw_events", "1.parquet?table=", "1.duckdb?table=gold_tower_features"):
        assert served.get(path).problem["errors"][0]["parameter"] == "table", path
    served.running.end()
    served.running = served.smelt.start("serve", *FREE_PORT)
    served.url = serving(served.running).url
    again = served.get("1.parquet")
    assert again.body == whole.body and again.fields["ETag"] == whole.fields["ETag"]


@pytest.mark.parametrize("command", ["serve", "up"])
def test_an_earlier_generation_answers_as_of(new_smelt: Callable[..., Smelt], command: str) -> None:
    """One row, rows by their ids and what is typical are as they were; what is not kept any more is said with what is."""
    smelt = filled(new_smelt())
    token = make_token(smelt, "reader", "entities,aggregate")
    with duckdb.connect(str(smelt.data / "lake.duckdb")) as conn:
        row = conn.execute("SELECT subscriber_id, total_events FROM gold_subscriber_features ORDER BY ALL LIMIT 1").fetchone()
        assert row is not None
        who, before = row
        conn.execute("UPDATE gold_features_base SET total_events = total_events + 5")
    assert smelt.run("publish", "--full").code == 0
    running = smelt.start(command, *FREE_PORT)
    api = serving(running).url + "/api/v1"

    def get(path: str) -> Answer:
        return ask(f"{api}/{path}", token)

    def events(path: str) -> int:
        answer = get(path)
        assert answer.status == 200, answer.body
        return int(json.loads(answer.body)["features"]["total_events"])

    eventually("the server answers", lambda: get(f"subscribers/{who}").status == 200)
    for path in (f"subscribers/{who}?", f"subscriber?id={who}&"):
        assert [events(f"{path}as_of={generation}") for generation in (1, 2)] == [before, before + 5]
    assert json.loads(get(f"subscribers/{who}?as_of=1").body)["generation"] == 1
    assert json.loads(get("features?as_of=1").body)["generation"] == 1
    looked_up = ask(f"{api}/subscribers/lookup?fields=total_events&as_of=1", token, "POST", json.dumps({"ids": [who]}).encode(), Content_Type="application/json", Smelt_Request="yes")
    assert json.loads(looked_up.body)["items"][0]["total_events"] == before
    tags = [get(f"subscribers/{who}{query}").fields["ETag"] for query in ("?as_of=1", "?as_of=2", "")]
    assert tags[0] not in tags[1:]  # the other two are of one generation: they differ when one comes from memory already
    assert ask(f"{api}/subscribers/{who}?as_of=1", token, If_None_Match=tags[0]).status == 304
    never = get(f"subscribers/{who}?as_of=99")
    assert never.status == 404 and "2, 1" in never.problem["detail"]
    assert get("subscribers?as_of=1").status == 400 and get("overview?as_of=1").status == 400 and get(f"subscribers/{who}?as_of=0").status == 400
    assert get("subscribers/nobody?as_of=1").status == 404
    (smelt.data / "snapshots/gen-00000001.duckdb").unlink()
    assert running.end().code == 0
    running = smelt.start(command, *FREE_PORT)
    api = serving(running).url + "/api/v1"
    gone = eventually("the server answers", lambda: (answer := get(f"subscribers/{who}?as_of=1")).status != 503 and answer)
    assert gone.status == 410 and gone.problem["type"] == "/problems/gone" and re.search(r"kept are: (3, )?2\.", gone.problem["detail"])
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
