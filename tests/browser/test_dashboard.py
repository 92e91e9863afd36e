"""The dashboard in a real Chromium, over a lake with data: dashboard.js goes through it, and what it saw is judged here."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from harness import ROOT, Json, Smelt
from test_second_entity import MODEL, RULE, declare, trips
from visits import PICTURES, look, unexpected, visit, visit_lake

pytestmark = pytest.mark.xdist_group("browser")  # one visit for all of them


@look("full_server")
def dashboard(url: str) -> Json:
    return visit("dashboard.js", url, str(PICTURES))


@look("new_lake")
def bikes(new_lake: Callable[..., Smelt]) -> Json:
    """Bikes and stations, of which nothing is learned."""
    smelt = new_lake("bikes", pipeline_dir=str(ROOT / "tests/pipelines/bikes"))
    now = datetime.now(UTC)
    trips = ({"id": f"t{n}", "type": "TRIP", "source": "docks", "subscriber_id": f"bike-{n % 9}", "timestamp": (now - timedelta(hours=n)).isoformat(),
              "payload": {"station": n % 4, "km": n % 7, "lat": round(51.5 + n % 4 / 100, 5), "lon": round(-0.1 + n % 4 / 50, 5)}, "quality_score": 90} for n in range(90))  # fmt: skip
    (smelt.folder / "events.jsonl").write_text("".join(json.dumps(trip) + "\n" for trip in trips))
    smelt("run", "--from", "events.jsonl")
    return visit_lake(smelt, "dashboard.js", str(PICTURES), "station") | {"folder": str(smelt.folder)}


@look("new_lake")
def quiet_stations(new_lake: Callable[..., Smelt]) -> Json:
    """The entity with the risk is not the first one of features.yaml."""
    smelt = new_lake("stations", pipeline_dir="pipeline")
    declare(smelt.folder / "pipeline", RULE, MODEL.format(label="quiet"))
    (smelt.folder / "trips.jsonl").write_text("".join(json.dumps(one) + "\n" for one in trips()))
    smelt("run", "--from", "trips.jsonl")
    return visit_lake(smelt, "dashboard.js", str(PICTURES), "station")


@pytest.fixture(scope="module")
def seen(looks: Callable[[str], Json], full_lake: Smelt) -> Json:
    return looks("dashboard") | {"scored": full_lake.value("SELECT count(*) FROM subscriber_scores")}


def test_the_page_loads_without_an_error(seen: Json) -> None:
    assert unexpected(seen["problems"]) == []
    assert seen["title"] == "Overview – Smelt"
    assert seen["layers"] == ["Bronze", "Silver", "Gold", "Scores"]


def test_the_table_has_the_subscribers_at_risk(seen: Json) -> None:
    assert len(seen["rows"]) >= 50 and seen["scored"] > 100
    assert re.fullmatch(rf"\d+ of {seen['scored']} subscribers, highest risk first", seen["shown"])
    risks = [float(row[1].split("%")[0]) for row in seen["rows"]]
    assert risks == sorted(risks, reverse=True) and 0 < risks[0] <= 100
    assert all(row[0].startswith("SUB-") and row[2] for row in seen["rows"])


def test_a_subscriber_opens(seen: Json) -> None:
    subscriber = seen["rows"][0][0]
    detail = seen["detail"]
    assert seen["opened"] == detail["title"] == subscriber
    assert detail["reasons"] > 0 and detail["features"] > 10
    assert detail["json"] == f"/api/v1/subscribers/{subscriber}"
    assert seen["back"] == "#/entities/subscribers?sort=-risk", "the back button leads to the list as it was"


def test_each_query_that_a_panel_offers_is_one_of_the_snapshot(seen: Json, full_lake: Smelt) -> None:
    assert len(seen["queries"]) >= 12
    for place, query in seen["queries"].items():
        rows = full_lake("sql", query)["rows"]
        assert rows or place.endswith(("rules", "scores", "trend")), f"{place}: {query}"


def test_a_chart_is_saved_as_a_picture(seen: Json) -> None:
    picture = Path(seen["chart"]).read_bytes()
    width, height = struct.unpack(">II", picture[16:24])  # PNG: the first chunk is IHDR
    assert picture.startswith(b"\x89PNG\r\n\x1a\n") and width > 400 and height > 150
    assert len(picture) > 3000, "a chart is drawn on it"


def test_the_eighth_tab_loads_as_the_first(seen: Json) -> None:
    assert seen["tabs"] == 8


def test_the_theme_changes_and_is_remembered(seen: Json) -> None:
    before, light, dark, on_another_page = seen["themes"]
    assert [theme["button"] for theme in seen["themes"]] == ["Theme: system", "Theme: light", "Theme: dark", "Theme: dark"]
    assert before["paper"] == light["paper"] != dark["paper"] == on_another_page["paper"]


def test_what_is_printed_is_light(seen: Json) -> None:
    light, dark = seen["themes"][1], seen["themes"][2]
    assert seen["printed"] == {"paper": light["paper"], "after": dark}


def test_an_hour_that_is_not_over_counts_once_it_has_more_than_usual(seen: Json) -> None:
    assert seen["inflow"] == ["As usual", "More than usual"]


def test_a_time_to_come_is_not_called_a_moment_ago(seen: Json) -> None:
    assert seen["ages"] == ["2 days ago", "1 minute ago", "a moment ago", "a moment ago", "in 3 hours"]


def test_a_list_whose_rows_move_is_read_anew_and_sends_nobody_to_the_top(seen: Json) -> None:
    assert seen["moved"]["answers"] == ["0+50", "50+50", "0+100", "100+50", "0+50"]
    assert seen["moved"]["shown"] == [50, 100, 150, 50] and seen["moved"]["rows"] == list(range(50))


def test_a_narrow_page_does_not_scroll_sideways(seen: Json) -> None:
    assert seen["overflow"] == 0


def test_any_ids_and_any_features_are_shown(seen: Json) -> None:
    strange = seen["strange"]
    assert strange["ids"] == ["W" * 1000, "\\u{202e}LTR-EVIL", "a\\u{a}b", "<b>x</b>", "\\u{0}"]
    assert strange["head"] == ["Subscriber", "Risk of leaving", "Reasons"]
    assert strange["figures"] == ["At risk of leaving", "Events in 24 hours", "In quarantine"]
    assert max(strange["rowHeights"]) < 80 and strange["overflow"] == strange["listOverflow"] == 0
    assert strange["hours"] == ["7"] + ["0"] * 47, "one hour of data is the newest of 48"
    assert not strange["alarm"], "a filter that is refused is no alarm of the page"


def test_the_page_of_another_pipeline_has_its_words(looks: Callable[[str], Json]) -> None:
    """No word of a telecom operator, and no risk."""
    seen = looks("bikes")
    assert unexpected(seen["problems"]) == [] and seen["axe"] == {"overview": [], "bikes": [], "stations": [], "station": []}
    assert seen["figures"] == ["Bikes", "Events in 24 hours", "In quarantine"]
    words = ["Bike", "Mean trip, km", "Docking station", "Longest trip, km"]
    assert [head for head in dict.fromkeys(seen["heads"]) if head in words] == words
    assert seen["spots"] == {"Bikes": 0, "Docking stations": 4}, "on a map, where the declarations say where they are"
    assert seen["json"] == "/api/v1/stations/0" and "longest trip" in seen["text"].lower()
    text = seen["text"]
    assert "9 of 9 bikes, by id" in text, "no feature says which side is worse"
    assert not re.findall(r"subscriber|tower|churn|leaving|zmw|risk|scored|telecom", text.replace(seen["folder"], ""), re.IGNORECASE), text


def test_the_first_page_is_of_the_entity_with_the_risk(looks: Callable[[str], Json]) -> None:
    """Its figures, its list by risk, the reasons of one of them."""
    seen = looks("quiet_stations")
    assert unexpected(seen["problems"]) == [] and seen["axe"] == {"overview": [], "bikes": [], "stations": [], "station": []}
    assert seen["figures"] == ["At risk of closing", "Trips at stake", "Events in 24 hours", "In quarantine"]
    assert seen["heads"][0] == "Bike" and "Risk of closing" in seen["heads"] and "Docking station" in seen["heads"]
    assert "docking stations, by gold's rule" not in seen["text"].lower() and "highest risk first" in seen["text"] or "most trips at stake first" in seen["text"]


@pytest.mark.parametrize("server", ["hung", "dead"])
def test_a_server_that_does_not_answer_is_not_called_well(seen: Json, server: str) -> None:
    silent = seen["silent"][server]
    assert silent["alarm"].startswith("The server does not answer. The data shown is from ")
    assert silent["badges"] and set(silent["badges"]) == {"Not known"}
    assert "OK" in silent["after"]["badges"] and "Not known" not in silent["after"]["badges"] and not silent["after"]["alarm"]


@pytest.mark.parametrize("name", ["light", "list-light", "row-light", "dark", "narrow", "strange", "strange-list", "hung", "dead"])
def test_axe_finds_nothing(seen: Json, name: str) -> None:
    assert seen["axe"][name] == []
