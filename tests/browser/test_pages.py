"""Every page in every state, theme and width, in a real Chromium: pages.js opens them, and what it saw is judged here."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from harness import Json
from visits import PICTURES, look, unexpected, visit

pytestmark = pytest.mark.xdist_group("browser")
STATES = ["normal", "hour", "empty", "failed", "loading"]
PAGES = ["overview", "list", "row", "others", "quality", "pipeline", "model", "status", "style"]
WEIGHT_MOST = 56_000  # bytes of the first page, compressed
SHIFT_MOST = 0.05
READY_MS_MOST = 300  # until the navigation, the keys and the first page are there; the data come later


def widths(state: str) -> list[str]:
    return {"hour": ["390"], "loading": ["1280", "390"]}.get(state, ["1280", "390", "320"])


@look("full_server")
def pages_normal(url: str) -> Json:
    return visit("pages.js", "normal", url, str(PICTURES))


@look("hour_server")
def pages_hour(url: str) -> Json:
    return visit("pages.js", "hour", url, str(PICTURES))


@look("empty_server")
def pages_empty(url: str) -> Json:
    return visit("pages.js", "empty", url, str(PICTURES))


@look("full_server")
def pages_failed(url: str) -> Json:
    return visit("pages.js", "failed", url, str(PICTURES))


@look("full_server")
def pages_loading(url: str) -> Json:
    return visit("pages.js", "loading", url, str(PICTURES))


@pytest.fixture(scope="module")
def seen(looks: Callable[[str], Json]) -> Json:
    return {state: looks(f"pages_{state}") for state in STATES}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing(seen: Json, state: str, page: str) -> None:
    found = seen[state]["pages"][page]["axe"]
    assert len(found) == 2 * len(widths(state)) and all(violations == [] for violations in found.values()), found


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("page", PAGES)
def test_no_page_scrolls_sideways(seen: Json, state: str, page: str) -> None:
    assert seen[state]["pages"][page]["overflow"] == dict.fromkeys(widths(state), 0)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("page", PAGES)
def test_no_page_shows_what_only_programs_say(seen: Json, state: str, page: str) -> None:
    text = seen[state]["pages"][page]["text"]
    assert not re.findall(r"\b(?:NaN|undefined|null|Infinity|Invalid Date)\b|\[object|–%", text), text


@pytest.mark.parametrize("state", STATES)
def test_nothing_goes_wrong_behind_the_page(seen: Json, state: str) -> None:
    assert unexpected(seen[state]["problems"]) == []


@pytest.mark.parametrize("page", [page for page in PAGES if page != "style"])
def test_the_five_questions_are_answered_within_five_seconds(seen: Json, page: str) -> None:
    waited = seen["normal"]["pages"][page]["waited"]
    assert waited["missing"] == [] and waited["ms"] < 5000, waited
    assert len(seen["normal"]["pages"][page]["answers"]) >= 5


@pytest.mark.parametrize("page", PAGES)
def test_what_is_on_a_page_does_not_jump(seen: Json, page: str) -> None:
    assert seen["normal"]["pages"][page]["shift"] < SHIFT_MOST


def test_the_first_page_is_light(seen: Json) -> None:
    weight = seen["normal"]["weight"]
    assert any(path.endswith("/app.js") for path in weight) and any(path.endswith("/uPlot.iife.min.js") for path in weight)
    assert sum(weight.values()) <= WEIGHT_MOST, weight


def test_the_first_page_can_be_used_at_once(seen: Json) -> None:
    assert seen["normal"]["readyMs"] <= READY_MS_MOST


def test_no_request_is_made_twice(seen: Json) -> None:
    requests = [path for path in seen["normal"]["requests"] if not path.endswith("/icon.svg")]  # of the page, and of the tab
    assert len(requests) == len(set(requests)), sorted(requests)


@pytest.mark.parametrize("page", ["overview", "list", "quality", "pipeline", "model"])
def test_before_the_first_data_a_page_says_what_to_do(seen: Json, page: str) -> None:
    text = seen["empty"]["pages"][page]["text"]
    assert "smelt " in text or "To the overview" in text, text


def test_the_set_up_is_a_list_of_steps_with_commands(seen: Json) -> None:
    text = seen["empty"]["pages"]["overview"]["text"]
    for command in ["smelt ingest", "smelt refine", "smelt train", "smelt publish"]:
        assert command in text
    assert "Next" in text


FIRST_HOUR = {
    "overview": ["What is usual is known after a week", "There are no scores of a day ago", "so far. A line needs a second value."],
    "list": ["Call first", "match Gold's rule, not what will happen"], "row": ["so far. A line needs a second value."],
    "others": ["Not known yet", "Not enough history: a value of the last days", "Not enough history to say which are as usual."],
    "quality": ["Too early to say"], "pipeline": ["Lines of a file have no time of arrival.", "waits is not known"],
    "model": ["It is the first", "There is no score of a day ago", "Only as the rule"],
}  # fmt: skip


@pytest.mark.parametrize("page", FIRST_HOUR)
def test_the_first_hour_of_data_has_no_past_and_says_so(seen: Json, page: str) -> None:
    """No line through one value, no band of weeks that were not, no usual duration of the first run."""
    text = seen["hour"]["pages"][page]["text"]
    for words in FIRST_HOUR[page]:
        assert words in text, (words, text)
    assert not re.findall(r"usual range|usually|\busual 0\b|since yesterday", text.replace("than its own usual", "")), text


def test_without_tokens_a_page_says_what_to_type_before_promoting(seen: Json) -> None:
    text = seen["normal"]["pages"]["model"]["text"]
    assert "this server has no tokens yet" in text and "smelt token create me --scopes admin" in text and "smelt model promote churn-" in text


@pytest.mark.parametrize("page", ["overview", "quality", "pipeline"])
def test_a_chart_over_time_is_marked_where_the_model_changed(seen: Json, page: str) -> None:
    assert re.search(r"Marked: (.*; )?model churn-\w+, ", seen["normal"]["pages"][page]["text"])


def test_a_row_has_the_past_of_its_features(seen: Json) -> None:
    """A row may have events of one day alone, or none with this value."""
    text = seen["normal"]["pages"]["row"]["text"]
    said = re.findall(r"Of the events of each of \d+ days; .+ on the newest, of \d+ event|by the day: .+ so far. A line needs|No event with it is kept", text)
    assert text.count("by the day, 35 days") == len(said) == 2, text


def test_worse_than_usual_is_said_by_the_declared_side(seen: Json) -> None:
    """The built-in towers: less signal is worse, more latency and more loss are; the worst ones come first."""
    others = seen["normal"]["pages"]["others"]
    assert re.search(r"\bworse by \d", others["text"]) and "worse than usual" in others["text"]
    assert others["answers"]["bad"].startswith("Which cell tower is worst?") and "lowest mean signal first" in others["text"]


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ("status", "style")])
def test_what_is_not_there_yet_is_not_guessed(seen: Json, page: str) -> None:
    """A page whose data are on the way: its title, and places for what will come; no answer, no "none", nothing that is called well."""
    loading = seen["loading"]["pages"][page]
    assert set(loading["states"]) <= {"loading", "ready"} and "loading" in loading["states"]
    said = {name: text for name, text in loading["answers"].items() if text and name != "list"}  # a button
    assert said == {}, said
    assert "Loading" in loading["text"] and not re.search(r"\b(?:OK|None|Nothing|Nobody|No \w+ (?:yet|found))\b", loading["text"]), loading["text"]


@pytest.mark.parametrize("page", ["overview", "quality", "pipeline", "model"])
def test_what_fails_says_so_in_its_own_panel(seen: Json, page: str) -> None:
    failed = seen["failed"]["pages"][page]
    assert "The query took longer than 10 s." in failed["text"]
    assert set(failed["states"]) <= {"failed", "ready", "stale"} and "failed" in failed["states"]


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ("status", "style")])
def test_what_cannot_be_refreshed_is_kept_and_says_so(seen: Json, page: str) -> None:
    stale = seen["normal"]["pages"][page]["stale"]
    assert stale["axe"] == [] and stale["overflow"] == 0
    assert "Not updated: The query took longer than 10 s." in stale["text"]
    assert len(stale["text"]) > 300, "what was known is still there"


def test_the_status_needs_no_data(seen: Json) -> None:
    for state in STATES:
        assert "Kafka" in seen[state]["pages"]["status"]["text"] and "smelt" in seen[state]["pages"]["status"]["text"]
