"""What people write: notes about one row and states of groups of bad events, kept in a journal beside the lake by more than one process."""

from __future__ import annotations

import json
import shutil
import urllib.parse
from pathlib import Path
from typing import Any

import duckdb
from harness import FREE_PORT, Api, Json, Smelt, billing, encode, eventually, filled, serving
from test_access import Answer, ask, make_token

EVIL = "<img src=x onerror=alert(1)>\nand a second line"


def post(api: Api, path: str, content: Any, token: str | None = None) -> Answer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return ask(api.url + path, token, "POST", body, Content_Type="application/json", Smelt_Request="yes")


def serve(smelt: Smelt) -> Api:
    return serving(smelt.start("serve", *FREE_PORT))


def a_lake(smelt: Smelt, events: int = 600) -> Smelt:
    return filled(smelt, events, ("refine", "publish"))


def ids_of(api: Api, most: int = 3) -> list[str]:
    return [row["subscriber_id"] for row in api.get(f"/api/v1/subscribers?limit={most}")["items"]]


def test_notes_of_one_row_are_kept_and_seen_by_every_server(offline: Smelt) -> None:
    a_lake(offline)
    api, other = serve(offline), serve(offline)
    one, two, three = ids_of(api)
    path = f"/api/v1/subscribers/{one}/notes"
    assert api.get(path) == {"generation": 1, "subscriber_id": one, "total": 0, "items": []}
    made = post(api, path, {"outcome": "not_reached"})
    assert made.status == 201 and json.loads(made.body) | {"at": ""} == {"subscriber_id": one, "at": "", "by": None, "outcome": "not_reached", "text": ""}
    assert post(other, f"/api/v1/subscribers/{one.lower()}/notes", {"outcome": "stays", "text": EVIL}).status == 201, "an id as Gold finds it"
    assert post(other, f"/api/v1/subscribers/{two}/notes", {"outcome": "leaves", "text": "é" * 1000}).status == 201
    notes = api.get(path)
    assert (notes["total"], [n["outcome"] for n in notes["items"]]) == (2, ["stays", "not_reached"]) and notes["items"][0]["text"] == EVIL
    assert len(api.get(f"{path}?limit=1")["items"]) == 1
    found = json.loads(post(api, "/api/v1/subscribers/notes/lookup", {"ids": [three, two, "nobody", one]}).body)["items"]
    assert [(item["id"], item["notes"], item["last"]["outcome"]) for item in found] == [(two, 1, "leaves"), (one, 2, "stays")]
    check_journal(offline.data / "lake.notes", one)
    again = serve(offline)
    assert again.get(path) == notes, "after a restart"


def check_journal(path: Path, one: str) -> None:
    """It is for its owner alone, and DuckDB reads it, also with a line that a process left half."""
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open("a") as out:
        out.write('{"kind":"note","at":"20')
    rows = duckdb.sql(f"SELECT id, outcome FROM read_json('{path}', format = 'newline_delimited', ignore_errors = true) WHERE kind = 'note' ORDER BY \"at\"").fetchall()
    assert rows[0] == (one, "not_reached") and len([row for row in rows if row[1]]) == 3


def test_a_list_of_those_who_were_called_or_not(offline: Smelt) -> None:
    """Asked again at once after a note: what people write is no content of a generation, so nothing is kept or not modified."""
    a_lake(offline)
    api = serve(offline)
    one, two, three = ids_of(api)
    everybody = api.get("/api/v1/subscribers?limit=500")["total"]

    def noted(which: str, more: str = "") -> list[str]:
        return [row["subscriber_id"] for row in api.get(f"/api/v1/subscribers?limit=500&noted={which}{more}")["items"]]

    assert noted("yes") == [] and len(noted("no")) == everybody
    for id_, outcome in ((one, "reached"), (one, "stays"), (two, "leaves")):
        assert post(api, f"/api/v1/subscribers/{id_}/notes", {"outcome": outcome}).status == 201
    assert (noted("yes"), noted("reached"), noted("stays"), noted("leaves")) == ([one, two], [], [one], [two]), "by the newest note"
    assert len(noted("no")) == everybody - 2 and not {one, two} & set(noted("no")) and noted("yes", f"&search={two}") == [two]
    page = api.get("/api/v1/subscribers?limit=1&noted=yes")
    assert page["total"] == 2 and api.get(f"/api/v1/subscribers?limit=1&noted=yes&cursor={page['next_cursor']}")["items"][0]["subscriber_id"] == two
    assert ask(f"{api.url}/api/v1/subscribers?cursor={page['next_cursor']}").status == 400, "another list"
    table = ask(f"{api.url}/api/v1/subscribers?noted=yes", Accept="text/csv")
    assert table.status == 200 and len(table.body.decode().splitlines()) == 3 and "ETag" not in table.fields
    assert ask(f"{api.url}/api/v1/subscribers?noted=yes", If_None_Match="*").status == 200
    wrong = ask(f"{api.url}/api/v1/subscribers?noted=maybe")
    assert wrong.status == 400 and "no|yes|reached" in wrong.problem["detail"]
    tower = api.get("/api/v1/towers?limit=1")["items"][0]["oss_tower_id"]
    assert post(api, f"/api/v1/towers/{tower}/notes", {"outcome": "other"}).status == 201
    assert [row["oss_tower_id"] for row in api.get("/api/v1/towers?noted=other")["items"]] == [tower] and noted("other") == []


def test_what_is_no_note_is_refused_in_a_sentence(offline: Smelt) -> None:
    a_lake(offline)
    api = serve(offline)
    one = ids_of(api, 1)[0]
    path = f"/api/v1/subscribers/{one}/notes"
    refused: list[tuple[Any, str]] = [
        ({}, "'outcome' must be one of reached|not_reached|stays|leaves|other."),
        ({"outcome": "REACHED"}, "'outcome'"), ({"outcome": "stays|leaves"}, "'outcome'"), ({"outcome": ""}, "'outcome'"), ({"outcome": ["stays"]}, "'outcome'"),
        ({"outcome": "stays", "text": "x" * 1001}, "'text' must have at most 1000 characters."), ({"outcome": "stays", "text": 1}, "'text'"),
        ({"outcome": "stays", "text": "a\u0000b"}, "control characters"), ({"outcome": "stays", "text": "a\u001bb"}, "control characters"),
        *(({"outcome": "stays", "text": f"a{turn}b"}, "turn the direction") for turn in "\u202a\u202e\u2066\u2069"),
        ({"outcome": "stays", "when": "now"}, "'when'"), ([], "JSON object"), (b"{", "JSON object"), (b'{"outcome": "stays", "outcome": "leaves"}', "JSON object"),
    ]  # fmt: skip
    for content, about in refused:
        answer = post(api, path, content)
        assert answer.status == 400 and about in answer.problem["detail"], (content, answer.body)
    assert post(api, "/api/v1/subscribers/nobody/notes", {"outcome": "stays"}).status == 404
    assert post(api, "/api/v1/nothing/nobody/notes", {"outcome": "stays"}).status == 404
    for ids in ([], [1], "x", ["x"] * 1001, None):
        assert "'ids'" in post(api, "/api/v1/subscribers/notes/lookup", {"ids": ids}).problem["detail"]
    assert not (offline.data / "lake.notes").exists()
    (offline.data / "lake.notes").mkdir()
    answer = post(api, path, {"outcome": "stays"})
    assert answer.status == 503 and "lake.notes" in answer.problem["detail"], "a file that cannot be written"


def test_an_id_of_any_characters_has_notes(offline: Smelt) -> None:
    strange = ["A/B?C", "..", "RTL-\u05d0\u05d1", "<B>", "X" * 256, "=1+1", "@SUM(1)", "\uff1d2"]
    (offline.folder / "strange.jsonl").write_bytes(b"\n".join(encode(billing(10 * i + n, subscriber_id=id_)) for i, id_ in enumerate(strange) for n in range(6)))
    offline("ingest", "--from", "strange.jsonl")
    for step in ("refine", "publish"):
        offline(step)
    api = serve(offline)
    assert sorted(ids_of(api, 10)) == sorted(strange)
    for id_ in strange:
        path = f"/api/v1/subscribers/{urllib.parse.quote(id_, safe='')}/notes"
        assert post(api, path, {"outcome": "other", "text": id_[:100]}).status == 201
        assert api.get(path)["subscriber_id"] == id_ and api.get(path)["total"] == 1
    table = ask(f"{api.url}/api/v1/subscribers?limit=50", Accept="text/csv").body.decode()
    assert all(f'"\'{id_}"' in table for id_ in ("=1+1", "@SUM(1)", "\uff1d2")), table  # no formulas, also of the wide forms


def groups_of(api: Api) -> list[Json]:
    return api.get("/api/v1/quality")["groups"]


def say(api: Api, group: Json, state: str, token: str | None = None, **more: str) -> Answer:
    return post(api, "/api/v1/quality/state", {"layer": group["layer"], "rule": group["rule"], "field": group["field"], "state": state} | more, token)


def test_a_group_is_accepted_fixed_and_comes_back(offline: Smelt) -> None:
    offline("produce", "--seed", "5", "-n", "2000", "--subscribers", "100", "--faults", "0.1", "--out", "first.jsonl")
    offline("ingest", "--from", "first.jsonl")
    for step in ("refine", "publish"):
        offline(step)
    admin, reader = make_token(offline, "boss", "admin"), make_token(offline, "reader", "aggregate,raw,entities")
    api = serve(offline)
    quality = lambda: json.loads(ask(f"{api.url}/api/v1/quality", admin).body)  # noqa: E731
    first, second = quality()["groups"][:2]
    before = quality()["to_do"]
    assert first["review"] == {"state": "open", "at": None, "by": None, "text": ""} and before == len([g for g in quality()["groups"] if g["in_range"] > 0])
    assert say(api, first, "accepted", reader).status == 403
    said = say(api, first, "accepted", admin, text=EVIL)
    assert said.status == 200 and json.loads(said.body)["review"] | {"at": ""} == {"state": "accepted", "at": "", "by": "boss", "text": EVIL}
    assert say(api, second, "fixed", admin).status == 200
    now = quality()
    assert [g["review"]["state"] for g in now["groups"][:2]] == ["accepted", "fixed"] and now["to_do"] == before - 2
    offline("refine", "--full")
    offline("publish")
    eventually("the second generation", lambda: quality()["generation"] == 2)
    assert {g["review"]["state"] for g in quality()["groups"] if (g["rule"], g["field"]) == (second["rule"], second["field"])} == {"fixed"}, "no new event"
    offline("produce", "--seed", "6", "-n", "2000", "--subscribers", "100", "--faults", "0.1", "--out", "second.jsonl")
    offline("ingest", "--from", "second.jsonl")
    for step in ("refine", "publish"):
        offline(step)
    eventually("the third generation", lambda: quality()["generation"] == 3)
    states = {(g["layer"], g["rule"], g["field"]): g["review"]["state"] for g in quality()["groups"]}
    assert states[first["layer"], first["rule"], first["field"]] == "accepted"
    assert states[second["layer"], second["rule"], second["field"]] == "came_back" and quality()["to_do"] >= before - 1
    assert say(api, second, "open", admin).status == 200
    assert {g["review"]["state"] for g in quality()["groups"] if (g["rule"], g["field"]) == (second["rule"], second["field"])} == {"open"}
    refused = [(second | {"rule": "no such rule"}, "open", 404), (second | {"layer": "gold"}, "open", 400), (second, "came_back", 400), (second | {"rule": None}, "open", 400)]
    assert [say(api, group, state, admin).status for group, state, _ in refused] == [status for *_, status in refused]


def test_notes_are_in_the_backup_and_come_back_with_the_lake(offline: Smelt) -> None:
    a_lake(offline)
    api = serve(offline)
    one = ids_of(api, 1)[0]
    backup = offline.folder / "backup"
    for outcome in ("reached", "stays"):  # the second time it has grown
        assert post(api, f"/api/v1/subscribers/{one}/notes", {"outcome": outcome}).status == 201
        offline("backup", backup)
    kept = (offline.data / "lake.notes").read_bytes()
    assert (backup / "lake.notes").read_bytes() == kept and kept.count(b"\n") == 2
    shutil.rmtree(offline.data)
    offline("restore", backup)
    assert (offline.data / "lake.notes").read_bytes() == kept
