"""SQL of users: what it may read, what it may not, and its limits."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from harness import FREE_PORT, Json, Smelt, eventually, filled, serving
from test_access import Answer, ask, make_token

ON = ("--set", "http.query=yes", "--set", "http.query_memory=64MiB")


def post(url: str, content: Any, token: str | None, **fields: str) -> Answer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return ask(f"{url}/api/v1/query", token, "POST", body, **({"Smelt_Request": "yes", "Content_Type": "application/json"} | fields))


class Served:
    def __init__(self, smelt: Smelt) -> None:
        self.smelt = smelt
        self.token = make_token(smelt, "analyst", "query")
        self.running = smelt.start("serve", *FREE_PORT, *ON)
        self.url = serving(self.running).url

    def ask(self, sql: str, **fields: str) -> Answer:
        return post(self.url, {"sql": sql}, self.token, **fields)

    def rows(self, sql: str) -> Json:
        answer = self.ask(sql)
        assert answer.status == 200, answer.body
        return json.loads(answer.body, parse_constant=pytest.fail)


@pytest.fixture
def served(new_smelt: Callable[..., Smelt]) -> Iterator[Served]:
    smelt = filled(new_smelt())
    found = Served(smelt)
    yield found
    assert found.running.end().code == 0


def test_a_token_in_authorization_needs_no_other_field(served: Served) -> None:
    """A page of a stranger can make a browser send a cookie, and what it knows of Basic authentication, but no token."""
    query = json.dumps({"sql": "SELECT 1 AS a"}).encode()
    address = f"{served.url}/api/v1/query"
    assert ask(address, served.token, "POST", query, Content_Type="application/json").status == 200
    for fields in ({}, {"Cookie": "smelt_session=" + "0" * 64}, {"Authorization": "Basic YTpi"}):
        refused = ask(address, None, "POST", query, Content_Type="application/json", **fields)
        assert refused.status == 403 and "Smelt-Request" in refused.problem["detail"], refused
    assert ask(f"{served.url}/api/v1/overview", make_token(served.smelt, "two", "aggregate"), If_Match='"a"').status in (401, 412)


def test_rows_as_json_and_as_csv(served: Served) -> None:
    found = served.rows("SELECT 1.50::DECIMAL(9,2) AS a, 'x' AS b, NULL AS c, [1, 2] AS d, DATE '2026-01-02' AS e")
    assert found == {"generation": 1, "rows": [{"a": 1.5, "b": "x", "c": None, "d": [1, 2], "e": "2026-01-02"}], "truncated": False}
    assert b"12345678901234567.89" in served.ask("SELECT 12345678901234567.89 AS a", Accept="text/csv").body  # all digits
    gold = served.rows("SELECT count(*) AS n FROM gold_subscriber_features")["rows"][0]["n"]
    assert gold == json.loads(served.smelt.run("sql", "SELECT count(*) AS n FROM gold_subscriber_features").stdout)["rows"][0]["n"]
    strict = served.rows("SELECT 'nan'::DOUBLE AS a, ['-inf'::DOUBLE, 1.5] AS b, 'NaN' AS c, 170141183460469231731687303715884105727 AS d")
    assert strict["rows"] == [{"a": None, "b": [None, 1.5], "c": "NaN", "d": 170141183460469231731687303715884105727}]
    text = served.ask("SELECT 'a,b' AS \"x\"\"y\", 'say \"hi\"' AS z, NULL AS n, 5 AS i UNION ALL SELECT 'p', 'q', 'r', 6", Accept="text/csv")
    assert text.fields["Content-Type"] == "text/csv; charset=utf-8"
    assert list(csv.reader(io.StringIO(text.body.decode()))) == [['x"y', "z", "n", "i"], ["a,b", 'say "hi"', "", "5"], ["p", "q", "r", "6"]]
    many = served.rows("FROM range(20000)")
    assert len(many["rows"]) == 10000 and many["truncated"]
    told = served.ask("SELECT 'a' || chr(0) || 'b' AS nul, '' AS empty, NULL AS none", Accept="text/csv")
    assert told.body == b'nul,empty,none\r\n"a\0b","",\r\n', "no text is cut, and NULL is no empty text"
    assert served.ask("FROM range(20000)", Accept="text/csv").status == 422


def test_nothing_but_the_snapshot_can_be_read(served: Served) -> None:
    secret = served.smelt.data / "tokens.json"
    for sql in (
        f"SELECT * FROM read_text('{secret}')", f"SELECT * FROM read_csv('{secret}')", f"SELECT * FROM '{secret}'", f"SELECT * FROM glob('{served.smelt.data}/*')",
        "SELECT * FROM read_csv('http://127.0.0.1:1/x')", f"COPY (SELECT 1) TO '{served.smelt.folder}/out.csv'", f"ATTACH '{served.smelt.lake}'", "INSTALL httpfs", "LOAD httpfs",
        "SET memory_limit = '10GB'", "PRAGMA threads = 8", "CREATE TABLE x AS SELECT 1", "DELETE FROM gold_subscriber_features", "SELECT 1; SELECT 2",
        f"SELECT 1) AS a; COPY (SELECT 1) TO '{served.smelt.folder}/out.csv'; SELECT * FROM (SELECT 1", "SELECT 1) AS \"the query's row\"; INSTALL httpfs; --", "EXPORT DATABASE 'x'",
        "CALL enable_logging()", "CHECKPOINT", "", "SELECT", "SELECT * FROM nowhere", f"SELECT * FROM duckdb_extensions() WHERE loaded AND install_path = (SELECT content FROM read_text('{secret}'))",
    ):  # fmt: skip
        refused = served.ask(sql)
        assert refused.status == 422 and refused.problem["detail"], (sql, refused.body)
        assert served.token not in refused.body.decode() and "sha256" not in refused.body.decode(), sql
    assert not (served.smelt.folder / "out.csv").exists()
    assert served.rows("SELECT 1 AS x")["rows"] == [{"x": 1}]


def test_what_is_no_query_is_refused(served: Served) -> None:
    for content, status in ((b"", 400), (b"{}", 400), (b"[]", 400), (b'"x"', 400), (b"{", 400), ({"sql": 5}, 400), ({"sql": "SELECT 1", "x": 1}, 400), (b'{"sql": "a", "sql": "b"}', 400),
                            ({"sql": "SELECT 1\0"}, 400), (b"x" * 600_000, 413), (b'{"sql": "\xff"}', 400)):  # fmt: skip
        assert post(served.url, content, served.token).status == status, content[:50] if isinstance(content, bytes) else content
    assert served.ask("SELECT 1", Content_Type="text/plain").status == 415 and served.ask("SELECT 1", Content_Encoding="gzip").status == 415
    assert served.ask("SELECT 1", Accept="text/html").status == 406
    assert post(served.url, {"sql": "SELECT 1"}, None).status == 401
    assert ask(f"{served.url}/api/v1/query", served.token).status == 405


def test_a_query_has_limits(served: Served) -> None:
    """Memory; time; so many at once. Probes and lists are answered meanwhile."""
    costly = served.ask("SELECT list(repeat('x', 1000) || i::VARCHAR) AS all_of_it FROM range(1000000) AS r(i)")
    assert costly.status == 422 and "emory" in costly.problem["detail"]
    endless = "SELECT sum(a.range * b.range) AS s FROM range(10000000) AS a, range(10000000) AS b"
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(served.ask(endless).status)) for _ in range(14)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    eventually("some are refused at once", lambda: answers.count(429) >= 3)
    assert ask(f"{served.url}/livez").status == 200
    for thread in threads:
        thread.join(120)
    assert answers.count(504) >= 2 and set(answers) <= {429, 503, 504}, answers
    assert time.monotonic() - began < 100
    assert served.rows("SELECT 1 AS x")["rows"] == [{"x": 1}]


def test_the_command_asks_a_server(served: Served) -> None:
    file = served.smelt.folder / "token"
    file.write_text(served.token + "\n")
    asked = ("sql", "--url", f"{served.url}/", "--token-file", str(file))
    found = served.smelt(*asked, "SELECT 5 AS x, 'é' AS y")
    assert found == {"generation": 1, "rows": [{"x": 5, "y": "é"}], "truncated": False}
    printed = served.smelt.run(*asked, "FROM range(2)", json_summary=False)
    assert printed.stdout.splitlines() == ['{"range":0}', '{"range":1}']
    wrong = served.smelt.run(*asked, "SELEC 1")
    assert wrong.code == 64 and "syntax error" in wrong.error and "422" in wrong.error
    for arguments, code, word in ((("sql", "--url", served.url), 78, "401"), (("sql", "--url", "http://127.0.0.1:1"), 69, "127.0.0.1:1"), (("sql", "--url", "ftp://x"), 78, "ftp"),
                                  (("sql", "--token-file", str(file)), 64, "--url")):  # fmt: skip
        refused = served.smelt.run(*arguments, "SELECT 1")
        assert refused.code == code and word in refused.error and served.token not in refused.error, refused


MISTAKES: dict[str, tuple[str, ...]] = {
    "drop table x": ("DROP is no query", "smelt refine --full"),
    "\n-- a comment\n/* another */ Insert into x values (1)": ("INSERT is no query", "smelt refine --full"),
    "attach 'x.db'": ("ATTACH is no query", "a copy of a snapshot"),
    "copy gold_subscriber_features to 'x.csv'": ("COPY is no query", "ask the API for CSV or Parquet"),
    "pragma version": ("PRAGMA is no query", "smelt config"),
    "SELECT 1; SELECT 2": ("LINE 1: SELECT 1; SELECT 2\n                ^", "Only one query is answered at a time"),
    "selec 1": ('syntax error at or near "1"\n\nLINE 1: selec 1\n              ^',),
    "SELECT 1,\n  nope FROM gold_subscriber_features": ('column "nope" not found', "LINE 2:   nope FROM gold_subscriber_features\n          ^"),
    "SELECT 1" + "\n" * 8 + ", nope": ("LINE 9: , nope\n          ^",),
    "SELECT 'x'::INT": ("LINE 1: SELECT 'x'::INT\n                  ^",),
    "SELECT 1)": ("syntax error at the end: is a quote or a parenthesis not closed",),
    "SELECT '": ("syntax error at the end: is a quote or a parenthesis not closed",),
    " ; ": ("the query is empty",),
    "/* */ -- nothing": ("the query is empty",),
    "SELECT 1 /* x": ('unterminated /* comment at or near "/* x"', "LINE 1: SELECT 1 /* x"),
    "SELECT $$a": ('unterminated dollar-quoted string at or near "$$a"', "LINE 1: SELECT $$a"),
}


def test_an_error_is_about_what_the_user_wrote(offline: Smelt) -> None:
    """Not about the SELECT that Smelt puts around it. What is no query is named, with what to do instead."""
    smelt = filled(offline)
    for query, words in MISTAKES.items():
        refused = smelt.run("sql", query)
        assert refused.code in (64, 65) and all(word in refused.error for word in words), (query, refused.error)
        assert "the query's row" not in refused.error and "to_json" not in refused.error, refused.error
    assert smelt("sql", "SELECT 5 AS x ;\n") == {"rows": [{"x": 5}]}


def test_it_is_off_by_default(new_smelt: Callable[..., Smelt]) -> None:
    smelt = new_smelt()
    token = make_token(smelt, "analyst", "query")
    running = smelt.start("serve", *FREE_PORT)
    url = serving(running).url
    refused = post(url, {"sql": "SELECT 1"}, token)
    assert refused.status == 404 and "http.query" in refused.problem["detail"]
    assert running.end().code == 0
