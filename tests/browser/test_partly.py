"""Pages of which some addresses fail: an answer that rests on one of them says why it is not known, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from harness import Json
from visits import look, visit

pytestmark = pytest.mark.xdist_group("browser")
REASON = "The query took longer than 10 s."
RESTS_ON = {
    "overview": ["first", "new"],
    "status": ["version", "day"],
    "pipeline": ["behind", "rate", "latency", "proof"],
    "quality": ["owner"],
    "model": ["moved"],
    "list": ["why"],
    "others": ["bad", "usual"],
}
# What is said of a server that has no such thing, or of one that found nothing.
GUESSES = ("Nothing needs you", "keeps no", "Not available from this server", "no audit is recorded", "No audit is recorded", "no backup is set up", "is not known to this server", "There is no score of a day ago")


@look("full_server")
def partly(url: str) -> Json:
    return visit("partly.js", url)


@pytest.fixture(scope="module")
def seen(looks: Callable[[str], Json]) -> Json:
    return looks("partly")


@pytest.mark.parametrize("page", RESTS_ON)
def test_what_failed_is_not_known_and_not_guessed(seen: Json, page: str) -> None:
    found = seen["pages"][page]
    for answer in RESTS_ON[page]:
        assert REASON in found["answers"][answer], found["answers"]
    assert not [guess for guess in GUESSES if guess in found["text"]], found["text"]
    assert seen["problems"] == []


def test_wide_numbers_fit(seen: Json) -> None:
    assert set(seen["wider"].values()) == {0}, seen["wider"]


def test_what_more_history_would_not_change_is_not_called_a_lack_of_it(seen: Json) -> None:
    assert "all rows moved the same way" in seen["oneWay"] and "Not enough history" not in seen["oneWay"] and "Not known yet" not in seen["oneWay"], seen["oneWay"]


def test_a_backup_that_one_may_not_see_is_not_denied(seen: Json) -> None:
    assert "Engine" in seen["notAdmin"] and "not set up" not in seen["notAdmin"], seen["notAdmin"]
