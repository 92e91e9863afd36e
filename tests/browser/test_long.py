"""A long list, many types and a day in an open tab, in a real Chromium: long.js goes through them, and what it saw is judged here."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from harness import Json
from visits import PICTURES, look, unexpected, visit

pytestmark = pytest.mark.xdist_group("browser")


@look("full_server")
def long(url: str) -> Json:
    return visit("long.js", url, str(PICTURES))


@pytest.fixture(scope="module")
def seen(looks: Callable[[str], Json]) -> Json:
    return looks("long")


def test_a_long_list_is_walked_and_only_what_is_near_is_in_the_document(seen: Json) -> None:
    assert seen["walked"] >= 1500 and " of 100,000 subscribers" in seen["shown"]
    assert 0 < seen["rowsInDocument"] <= 300, "the rest of 1,500 rows and more is its height alone"
    assert seen["lastVisible"] is not None, "there are rows where one has scrolled to"


def test_a_list_that_does_not_come_is_not_asked_for_without_end(seen: Json) -> None:
    """... and the rows that came stay when the next ones do not."""
    failing = seen["failing"]
    assert failing["said"] == "The query took longer than 10 s." and failing["asked"] == failing["next"] == 1
    assert failing["kept"] == 50 and failing["axe"] == [] and failing["left"] == 0


def test_ids_from_right_to_left_stand_for_themselves(seen: Json) -> None:
    assert seen["rtl"] == "\u05d0\u05d1\u05d2-\u0627\u0644\u0639"


def test_a_row_of_long_names_fits(seen: Json) -> None:
    assert seen["longId"] == {"overflow": {"1280": 0, "320": 0}, "rtl": "\u05d0\u05d1\u05d2-\u0627\u0644\u0639", "axe": []}


def test_of_many_types_of_events_few_have_bars(seen: Json) -> None:
    assert seen["types"][0].startswith("other") and len([text for text in seen["types"] if text]) <= 7
    assert seen["typesOverflow"] == 0


def test_a_day_in_an_open_tab_neither_grows_nor_stalls(seen: Json) -> None:
    assert seen["asked"] >= 96, "it went on asking"
    assert re.search(r"Events in 24 hours", seen["figure"]) and not seen["alarm"]
    assert seen["drawn"] >= 1000 + seen["asked"], "the chart shows what came last"
    before, after = seen["before"], seen["after"]
    assert after["nodes"] <= before["nodes"] * 1.2 and after["listeners"] <= before["listeners"] * 1.2, (before, after)
    assert after["heap"] <= before["heap"] * 1.3, (before, after)
    assert unexpected(seen["problems"]) == []
