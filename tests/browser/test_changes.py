"""What people change on the pages, in a real Chromium: changes.js does it, and what it saw is judged here."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from harness import Json, Smelt
from visits import PICTURES, look, unexpected, visit_lake

pytestmark = pytest.mark.xdist_group("browser")


@look("changed_lake")
def changes(smelt: Smelt) -> Json:
    tokens = [smelt("token", "create", name, "--scopes", scopes)["token"] for name, scopes in (("admin", "admin"), ("reader", "aggregate,entities,status"))]
    smelt("token", "create", "grafana", "--scopes", "status,aggregate", "--expires", "5d")
    return visit_lake(smelt, "changes.js", *tokens, str(PICTURES))


@pytest.fixture(scope="module")
def seen(looks: Callable[[str], Json]) -> Json:
    return looks("changes")


def test_a_call_is_noted_by_the_keyboard(seen: Json, changed_lake: Smelt) -> None:
    assert seen["said"] == "Kept: Stays." and seen["focused"] == "Keep the note"
    assert "Stays" in seen["row"] and "admin" in seen["row"]
    lines = [json.loads(line) for line in (changed_lake.data / "lake.notes").read_text().splitlines()]
    assert [(line["id"], line["outcome"], line["by"]) for line in lines if line["kind"] == "note"] == [(seen["id"], "stays", "admin"), (seen["id"], "reached", "admin")]


def test_a_text_of_a_note_is_a_text(seen: Json) -> None:
    assert seen["written"] == "<img src=x onerror=\"document.title='broken'\">\nsecond line"
    assert seen["images"] == 0 and "broken" not in seen["title"]


def test_a_note_that_was_refused_is_not_lost_and_not_doubled(seen: Json) -> None:
    assert seen["silent"] == "The server does not answer." and seen["refused"] == "The file of notes cannot be written."
    assert seen["kept"] == "calls back" and seen["after"] == ""
    assert len(seen["keys"]) == 3 and len(set(seen["keys"])) == 1 and len(seen["keys"][0]) > 20


def test_a_list_shows_who_was_called(seen: Json) -> None:
    assert seen["marksBefore"] == 0 and seen["marked"] == [seen["id"]] and seen["mark"] == "Reached"


def test_a_list_is_filtered_by_who_was_called(seen: Json) -> None:
    calls, total = seen["calls"], int(seen["calls"]["all"].split(" of ")[1].split()[0])
    assert calls["hashes"] == {noted: f"#/entities/subscribers?noted={noted}" for noted in ("no", "yes", "reached", "leaves")}
    assert calls["yes"]["ids"] == calls["reached"]["ids"] == [seen["id"]] and calls["leaves"]["ids"] == []
    assert calls["meanwhile"] == calls["all"], "no list is not an empty one"
    assert f" of {total - 1} subscribers" in calls["no"]["shown"] and seen["id"] not in calls["no"]["ids"] and len(calls["no"]["ids"]) >= 50
    assert calls["again"] == {"chosen": "reached", "ids": [seen["id"]]} and calls["csv"] == 2, "its address and its file are of the same list"


def test_the_tokens_are_listed_for_those_who_may(seen: Json) -> None:
    tokens = seen["tokens"]
    assert [row.split("\t")[0] for row in tokens["rows"]] == ["grafana", "admin", "reader"], "what expires comes first"
    assert "in 4 days" in tokens["rows"][0] and "never" in tokens["rows"][0] and "status, aggregate" in tokens["rows"][0]
    assert "3 tokens; 1 expires within two weeks; 2 never used." in tokens["text"] and "smelt token revoke NAME" in tokens["text"]
    assert "ago" in tokens["rows"][1] and "smelt_" not in tokens["text"]
    assert seen["no-tokens"]["rows"] == [] and seen["no-tokens"]["asked"] == 0 and "for tokens with the scope admin" in seen["no-tokens"]["text"]


def test_an_accepted_group_waits_for_nobody(seen: Json) -> None:
    first, *others = seen["groups"]
    assert seen["before"] in ("Open", "Quiet") and seen["groupSaid"] == "Kept: accepted."
    assert "Accepted" in seen["panel"] and "by admin" in seen["panel"] and "known; mended in May" in seen["panel"]
    rules = [[hash_.replace("review=waits&", "").replace("review=accepted&", "") for hash_ in seen[which]] for which in ("waiting", "accepted")]
    assert rules == [others, [first]] and seen["sinceAfter"] != seen["worseBefore"]


def test_a_model_is_promoted_after_a_question(seen: Json) -> None:
    assert seen["buttons"] == 1 and "Promote" in seen["question"] and "all subscribers" in seen["question"]
    assert seen["askedAfterNo"] == 0 and seen["back"] == "promote", "Esc means no, and gives the focus back"
    assert "in use" in seen["promoted"]
    first, second = seen["asked"]
    assert first["method"] == "POST" and first["path"].startswith("/api/v1/models/") and first["content"] == "{}" and first["deliberate"] == "page"
    assert first["key"] and first["key"] != second["key"], "another wish has another key"
    assert seen["disabled"] and "cannot promote" in seen["unable"]


def test_who_may_not_is_told_why(seen: Json) -> None:
    assert seen["readerButtons"] == seen["readerForms"] == 0
    assert "scope admin" in seen["whyNot"] and "scope admin" in seen["readerState"]
    assert "smelt token create me --scopes admin" in seen["whyNot"], "with what to type"


def test_what_changes_is_for_everybody(seen: Json) -> None:
    for name, look in seen["looks"].items():
        assert look["axe"] == [], name
        assert look["overflow"] == {"1280": 0, "390": 0, "320": 0}, name
    assert set(seen["looks"]) == {"calls", "tokens", "no-tokens", "note", "note-refused", "list", "group", "quality", "confirm", "versions"}


def test_nothing_goes_wrong_behind_the_changes(seen: Json) -> None:
    assert unexpected(seen["problems"]) == []
