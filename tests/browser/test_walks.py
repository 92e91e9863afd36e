"""What people come for, step by step, in a real Chromium: walks.js goes, and what it read is judged here."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from harness import Json
from visits import PICTURES, look, unexpected, visit

pytestmark = pytest.mark.xdist_group("browser")


@look("full_server")
def walks(url: str) -> Json:
    return visit("walks.js", url, str(PICTURES))


@pytest.fixture(scope="module")
def seen(looks: Callable[[str], Json]) -> Json:
    return looks("walks")


def test_who_is_about_to_leave_and_why(seen: Json) -> None:
    walk = seen["whoLeaves"]
    assert walk["id"].startswith("SUB-") and walk["id"] in walk["call"] and "ZMW" in walk["call"]
    assert "ypical" in walk["why"], "beside what is typical"
    assert walk["reasons"] and all("raises" in reason or "lowers" in reason for reason in walk["reasons"])
    assert "BSS" in walk["timeline"] or "OSS" in walk["timeline"] or "IoT" in walk["timeline"]


def test_who_is_on_a_tower_and_what_is_at_stake(seen: Json) -> None:
    walk = seen["whoIsThere"]
    assert re.search(r"(worse|better) by \d+\.\d steps", walk["moves"][0]) and walk["id"] in walk["moves"][0]
    assert re.search(r"^(Since when\?)?\s*(\w{3} \d+ \w{3}|No one day|Not known yet)", walk["since"]) and re.search(r"[A-Z]{3}\s+\d+ of \d+ worse", walk["where"])
    assert re.search(r"\d+ subscribers? in 7 days", walk["sums"])
    is_known = any("evenue at risk" in head for head in walk["heads"])  # of one at least there was a bill
    assert is_known == (re.search(r"revenue at risk [\d,]+ ZMW", walk["sums"]) is not None), walk["sums"]
    assert walk["rows"][0].startswith("SUB-") and re.search("events? in", walk["hours"]) and walk["axe"] == []
    assert walk["id"] in walk["back"], "and from there back"


def test_why_a_number_is_lower_than_yesterday(seen: Json) -> None:
    walk = seen["whyLower"]
    assert "At risk of leaving" in walk["figure"]
    assert "entered" in walk["changes"] and "left" in walk["changes"]
    assert "At risk" in walk["trend"] and "usual" in walk["inflow"].lower()


def test_a_sender_broke_its_format(seen: Json) -> None:
    walk = seen["brokenFormat"]
    assert walk["title"].startswith("Quality: ") and "rule=" in walk["hash"]
    assert walk["marked"], "the field that broke the rule is marked in the event as it came"
    assert "break the rule" in walk["tell"] and re.search(r"(today|events)\.jsonl 0:\d+", walk["tell"]), "the offset at which it is"


def test_kafka_is_down_at_night(seen: Json) -> None:
    walk = seen["kafkaDown"]
    assert "Kafka is down" in walk["wrong"] and "smelt " in walk["type"]
    assert walk["first"] == "Kafka", "what is down comes first"
    assert "No answer" in walk["part"] and "Copy" in walk["part"]


def test_whether_this_model_is_better_than_the_last_one(seen: Json) -> None:
    walk = seen["betterModel"]
    assert "AUC" in walk["better"] and len(walk["versions"]) == 2
    assert "rule" in walk["believe"], "a model that was trained on the rule is not believed more than that"


def test_all_of_it_by_the_keyboard(seen: Json) -> None:
    walk = seen["byKeys"]
    assert walk["second"] == walk["opened"] == walk["found"] == walk["rows"][1]
    assert walk["focused"] == "H1" and walk["searching"] == "search"
    assert walk["paletteAxe"] == walk["keysAxe"] == []


def test_a_list_is_filtered_sent_kept_and_saved(seen: Json) -> None:
    walk = seen["listForSomebody"]
    assert walk["hash"] == "#/entities/subscribers?band=high&where=total_events%3E%3D5&sort=-total_events"
    assert walk["shown"] == walk["other"] and "only events at least 5" in walk["shown"]
    assert walk["csv"][0].startswith('\ufeff"subscriber_id",') and walk["csv"][1].split(",")[0] == f'"{walk["rows"][0]}"'
    assert walk["views"] == ["Lively and at risk"] and walk["axe"] == []
    assert walk["menuOverflow"] == 0 and walk["afterEsc"] == [0, "views"] and walk["afterPress"] == 0, "a menu is in the window, and goes away"
    assert walk["back"] == "#/entities/subscribers?band=high&where=total_events%3E%3D5", "the back button takes one step"


def test_each_part_that_is_down_comes_first_with_what_to_type(seen: Json) -> None:
    parts = seen["partsDown"]
    assert {"Kafka", "Lake", "Bronze", "Silver", "Gold", "Snapshot"} <= set(parts)
    for title, part in parts.items():
        assert part["first"] == title and f"{title} is down" in part["overall"]
        assert f"{title} is down" in part["wrong"] and "Since 1 hour ago" in part["wrong"]
        assert part["type"] == f"smelt {part['name']}"


def test_the_tab_key_reaches_everything_and_shows_where_it_is(seen: Json) -> None:
    reached = [step["name"] for step in seen["byTab"]]
    assert reached[0] == "Skip to the content" and "theme" in reached and "find" in reached
    assert all(page in reached for page in ["Overview", "Subscribers", "Quality", "Pipeline", "Model", "System status"])
    assert all(step["outline"] for step in seen["byTab"]), [step for step in seen["byTab"] if not step["outline"]]


def test_a_selected_text_is_not_replaced(seen: Json) -> None:
    walk = seen["selection"]
    assert walk["during"]["selected"] == walk["before"] == walk["during"]["text"] != ""


def test_high_contrast_keeps_what_colours_say(seen: Json) -> None:
    assert seen["forcedColours"] == {"badge": "1px", "swatch": "none", "current": "solid"}


def test_nothing_moves_for_those_who_want_that(seen: Json) -> None:
    assert seen["moving"] == 0


def test_nothing_goes_wrong_behind_the_walks(seen: Json) -> None:
    assert unexpected(seen["problems"]) == []
