"""Pages in unusual circumstances (strange.js): what they say is as true as with a right clock, the usual time range, a pipeline that runs and plain names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

import pytest
from harness import Json
from visits import look, visit

pytestmark = pytest.mark.xdist_group("browser")


@look("full_server")
def strange(url: str) -> Json:
    return visit("strange.js", url)


@pytest.fixture(scope="module")
def seen(looks: Callable[[str], Json]) -> Json:
    return looks("strange")


def test_a_wrong_clock_of_the_browser_changes_no_answer(seen: Json) -> None:
    clock = {name: re.sub(r"\d+ seconds? ago", "now", text) for name, text in seen["clock"].items()}
    assert clock["right"] == clock["wrong"] and clock["day"] == clock["dayWrong"], clock


def test_what_is_said_of_a_day_does_not_depend_on_the_time_that_is_shown(seen: Json) -> None:
    assert len(set(seen["ranges"].values())) == 1, seen["ranges"]


@pytest.mark.parametrize("time", ["-6h", "-24h", "-48h", "-7d", "-30d"])
def test_a_chart_has_all_that_its_words_count(seen: Json, time: str) -> None:
    one = seen["sums"][time]
    quarantined, rejected = re.search(r"([\d,]+) events? in quarantine and ([\d,]+) messages? rejected", one["words"]).groups()
    assert one["sum"] == int(quarantined.replace(",", "")) + int(rejected.replace(",", "")) > 0, one


def test_a_rate_is_one_of_now(seen: Json) -> None:
    """Minutes in which nothing was read count, and where it stopped nothing will soon be level."""
    rates = seen["rates"]
    assert "100 rows/s" in rates["now"] and "Level in about 30 seconds" in rates["now"], rates
    assert "40 rows/s" in rates["gaps"], rates
    assert "When it read last, 4" in rates["stopped"] and "3,000 messages wait" in rates["stopped"] and "Level" not in rates["stopped"], rates
    assert "Nothing in the last hour" in rates["never"] and "3,000 messages wait" in rates["never"], rates


def test_a_bad_field_inside_a_list_is_marked_where_it_is(seen: Json) -> None:
    found = seen["insideList"]
    assert found["marks"] == ['"price": -1'] and "outside the payload" not in found["text"], found


def test_an_event_is_shown_with_the_digits_that_came(seen: Json) -> None:
    assert '"serial": 12345678901234567890' in seen["insideList"]["text"] and '"share": 1.10' in seen["insideList"]["text"], seen["insideList"]


def test_a_copied_command_is_one_address_whatever_the_id_has(seen: Json) -> None:
    assert shlex.split(seen["curl"])[-1].endswith("/api/v1/subscribers/O%27Brien/events?limit=50"), seen["curl"]


def test_one_is_one(seen: Json) -> None:
    assert seen["layers"] == ["1 raw event", "1 clean event", "1 subscriber", "1 scored"]


def test_an_id_that_browsers_take_for_a_path_asks_nothing_of_other_addresses(seen: Json) -> None:
    assert seen["dots"] == ["panel-risk", "panel-features"]


def test_a_page_that_did_not_load_is_not_called_missing(seen: Json) -> None:
    """And it comes when the server answers again."""
    assert seen["away"].startswith("This page did not load") and "no such page" not in seen["away"], seen["away"]


def test_a_server_that_has_looked_at_no_part_does_not_call_them_well(seen: Json) -> None:
    what = "The parts are being checked for the first time."
    assert seen["begun"] == {"overview": ["Checking", what], "status": ["Not known", what]}


def test_a_server_that_is_away_leaves_no_part_well(seen: Json) -> None:
    assert seen["lost"] == {"away": "Not known", "back": "All parts work"}


def test_a_tab_of_before_an_update_comes_to_the_pages_of_now(seen: Json) -> None:
    """By itself and once: not each time where two servers have two versions."""
    assert seen["updated"] == {"young": {"loaded": 1, "isOld": True, "hasAnswer": True}, "old": {"loaded": 2, "isOld": False, "hasAnswer": True}}


def test_names_that_every_object_has_are_no_pages(seen: Json) -> None:
    assert set(seen["names"].values()) == {"There is no such page"} and seen["problems"] == [], seen
