"""Lists and rows whose features are dates, times, texts, flags and small numbers, in a real Chromium: typed.js opens them, and what it saw is judged here."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from harness import Json, Smelt
from meters import METERS, OFFLINE, fill
from visits import PICTURES, look, unexpected, visit_lake

pytestmark = pytest.mark.xdist_group("browser")


@look("new_lake")
def typed(new_lake: Callable[..., Smelt]) -> Json:
    smelt = new_lake("typed", **OFFLINE)
    fill(smelt)
    return visit_lake(smelt, "typed.js", str(PICTURES))


def test_each_head_of_a_list_sorts_it(looks: Callable[[str], Json]) -> None:
    seen = looks("typed")
    assert unexpected(seen["problems"]) == []
    heads = seen["heads"]
    assert set(heads) == {sign + name for sign in ("", "-") for name in ("id", "seen", "tariff", "loss", "open", "built")}
    for sort, one in heads.items():
        assert one["shown"].startswith(f"{len(METERS)} of {len(METERS)} meters"), (sort, one)
        assert len(one["cells"]) == len(METERS)
        if sort.lstrip("-") != "id":
            known = [cell for cell in one["cells"] if cell != "–"]
            assert known == [cell for cell in reversed(heads[sort[1:] if sort[0] == "-" else f"-{sort}"]["cells"]) if cell != "–"], sort
    assert heads["id"]["cells"] == heads["-id"]["cells"][::-1] == sorted(METERS)


def test_values_are_shown_as_what_they_are(looks: Callable[[str], Json]) -> None:
    """A time as a time with its year, and no value that is there as 0."""
    seen = looks("typed")
    assert seen["heads"]["seen"]["cells"][0] == "Wed 28 Feb 2024, 23:59 UTC"
    assert seen["heads"]["loss"]["cells"][0] == "−0.009" and seen["heads"]["loss"]["cells"][-1] == "0.010"
    assert "Thu 29 Feb 2024, 01:59 UTC" in seen["features"] and "0.006" in seen["features"], seen["features"]
    assert "up to the newest, Thu 29 Feb 2024, 00:00 UTC" in seen["events"], "its hours are not those of now"
    assert seen["when"] == "Thu 29 Feb 2024, 00:00 UTC"


def test_tables_are_saved_as_values(looks: Callable[[str], Json]) -> None:
    """Of UTF-8 by its mark, which spreadsheets look for; times with year and zone, numbers with all their digits and no commas."""
    files = looks("typed")["files"]
    assert all(lines[0].startswith("\ufeff") for lines in files.values())
    features = {line.split(",")[0]: line.split(",")[1] for line in files["features"]}
    assert features["Seen"] == "2024-02-29T01:59:59.000000Z" and features["Loss"] == "0.006" and features["Tariff"] == "ä", files
    assert files["timeline"][1].startswith("2024-02-29T00:00:05.000000Z,reading,"), files
    assert files["inflow"][1] == "2024-02-29T00:00:00.000Z,10" and "2024-02-28T23:00:00.000Z,1" in files["inflow"], files
