"""Lists and queries as Parquet: the same rows as in JSON, with types; and no way for a query to choose a file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from harness import FREE_PORT, Smelt, filled, serving
from test_access import Answer, ask, make_token

PARQUET = "application/vnd.apache.parquet"


class Server:
    def __init__(self, smelt: Smelt, command: str) -> None:
        self.temp = smelt.folder / "temp"
        self.temp.mkdir(exist_ok=True)
        smelt.run("token", "revoke", command)
        self.token = make_token(smelt, command, "admin")
        self.running = smelt.start(command, *FREE_PORT, "--set", "http.query=yes", TMPDIR=str(self.temp))
        self.url = serving(self.running).url
        self.kept = smelt.folder / "answer.parquet"

    def get(self, path: str, accept: str = PARQUET, **fields: str) -> Answer:
        return ask(self.url + path, self.token, Accept=accept, **fields)

    def query(self, sql: str, accept: str = PARQUET) -> Answer:
        content = json.dumps({"sql": sql}).encode()
        return ask(f"{self.url}/api/v1/query", self.token, "POST", content, Accept=accept, Content_Type="application/json", Smelt_Request="yes")

    def rows(self, answer: Answer) -> duckdb.DuckDBPyRelation:
        assert answer.status == 200 and answer.fields["Content-Type"] == PARQUET, answer
        self.kept.write_bytes(answer.body)
        return duckdb.read_parquet(str(self.kept))

    def files(self) -> list[Path]:
        """But for those that DuckDB needs for itself."""
        return [path for path in self.temp.rglob("*") if path.is_file() and not path.name.startswith("duckdb_temp_")]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, binary: Path) -> Smelt:
    return filled(Smelt(binary, tmp_path_factory.mktemp("parquet"), None, kafka_bootstrap="127.0.0.1:1"), 1500, ("refine", "train", "score", "publish"))


@pytest.fixture(params=["serve", "up"])
def server(request: pytest.FixtureRequest, lake: Smelt) -> Iterator[Server]:
    made = Server(lake, request.param)
    yield made
    assert made.files() == []
    assert made.running.end(seconds=20).code == 0
    assert list(made.temp.iterdir()) == [], "what the server made is gone with it"


def listed(server: Server, path: str) -> Any:
    return json.loads(server.get(path, "application/json").body)["items"]


def test_a_list_has_the_rows_of_the_json(server: Server) -> None:
    for path in ("/api/v1/subscribers?limit=100", "/api/v1/subscribers?limit=20&band=low&sort=id", "/api/v1/towers?limit=5&fields=*"):
        rows, expected = server.rows(server.get(path)), listed(server, path)
        assert expected and rows.columns == list(expected[0]), (rows.columns, list(expected[0]))
        key = rows.columns[0]
        assert [row[0] for row in rows.fetchall()] == [row[key] for row in expected], path  # in their order
    everything = server.rows(server.get("/api/v1/subscribers"))
    assert len(everything) == json.loads(server.get("/api/v1/subscribers", "application/json").body)["total"] > 100
    types = dict(zip(everything.columns, map(str, everything.types), strict=True))
    assert types["churn_probability"] == "DOUBLE" and types["total_events"] in ("BIGINT", "INTEGER") and types["scored_at"].startswith("TIMESTAMP")


def test_conditions_and_refusals(server: Server) -> None:
    assert server.get("/api/v1/subscribers?sort=nothing").status == 400
    assert server.get("/api/v1/nothing").status == 404
    assert server.get("/api/v1/overview").status == 406
    head = ask(f"{server.url}/api/v1/subscribers?limit=5", server.token, "HEAD", Accept=PARQUET)
    assert head.status == 200 and int(head.fields["Content-Length"]) > 100 and head.body == b""
    again = server.get("/api/v1/subscribers?limit=5", Accept_Encoding="zstd, gzip")
    assert again.fields["Content-Encoding"] is None and again.body[:4] == again.body[-4:] == b"PAR1"


def test_a_query_has_types(server: Server) -> None:
    rows = server.rows(server.query("SELECT 1::TINYINT AS a, 'x' AS b, 1.50::DECIMAL(9,2) AS c, [1, 2] AS d, NULL::DATE AS e, 'é' AS \"f g\""))
    assert list(map(str, rows.types)) == ["TINYINT", "VARCHAR", "DECIMAL(9,2)", "INTEGER[]", "DATE", "VARCHAR"] and rows.columns[5] == "f g"
    assert server.rows(server.query("SELECT count(*) AS n FROM gold_subscriber_features")).fetchall()[0][0] > 100
    assert len(server.rows(server.query("SELECT * FROM range(10000)"))) == 10000
    assert len(server.rows(server.query("SELECT 1 AS x WHERE false"))) == 0
    for bad in ("SELECT * FROM range(10001)", "SELECT repeat('x', 40000000) || random() AS a FROM range(2)", "SELECT nothing", "SELEC", "SELECT 1;SELECT 2"):
        refused = server.query(bad)
        assert refused.status == 422, (bad, refused)


def test_no_query_chooses_a_file(server: Server) -> None:
    """Out of our brackets, into files of the server, and at what an answer before it left."""
    out = server.temp / "out"
    for sql in (
        f"SELECT 1) TO '{out}' (FORMAT csv); --",
        f"SELECT 1) AS q) TO '{out}' (FORMAT csv) --",
        f"SELECT 1; COPY (SELECT 1) TO '{out}'",
        f"COPY (SELECT 1) TO '{out}'",
        f"SELECT * FROM read_text('{server.kept}')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM exported_rows",
        f"SET allowed_directories = ['{server.temp}']",
    ):
        refused = server.query(sql)
        assert refused.status == 422, (sql, refused)
    for place in server.temp.glob("smelt-*"):
        found = server.query(f"SELECT * FROM glob('{place}/*')", "application/json")
        assert found.status == 422 or not [row for row in json.loads(found.body)["rows"] if "duckdb_temp_" not in row["file"]], found
    assert not out.exists() and not os.path.exists("exported_rows")
