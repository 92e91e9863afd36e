"""The dashboard in a real Chromium, over a lake with data: dashboard.js goes through it, and what it saw is judged here."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from harness import FREE_PORT, ROOT, Json, Smelt, serving

pytestmark = pytest.mark.xdist_group("browser")  # one visit for all of them
PICTURES = Path(os.environ.get("TEST_RESULTS") or ROOT / "build/test")
HISTORY = ("produce", "--seed", "5", "--days", "40", "--subscribers", "150", "--events", "5000", "--faults", "0.02", "--out", "events.jsonl")


def visit(url: str) -> Json:
    PICTURES.mkdir(parents=True, exist_ok=True)
    script = Path(__file__).parent / "dashboard.js"
    done = subprocess.run([os.environ["NODE"], script, url, PICTURES], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def seen(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Json:
    smelt = Smelt(binary, tmp_path_factory.mktemp("dashboard"), kafka_bootstrap="127.0.0.1:1")
    smelt(*HISTORY)
    smelt("run", "--from", "events.jsonl")
    running = smelt.start("serve", *FREE_PORT)
    try:
        found = visit(serving(running).url)
        assert running.end().code == 0
    finally:
        running.kill()
    return found | {"scored": smelt.value("SELECT count(*) FROM subscriber_scores")}


def test_the_page_loads_without_an_error(seen: Json) -> None:
    assert seen["problems"] == []
    assert seen["title"] == "Smelt"
    assert seen["layers"] == ["Bronze", "Silver", "Gold", "Scores"]


def test_the_table_has_the_subscribers_at_risk(seen: Json) -> None:
    assert len(seen["rows"]) == 12 and seen["scored"] > 100
    assert seen["shown"] == f"12 of {seen['scored']} subscribers, highest risk first"
    risks = [float(row[1].split("%")[0]) for row in seen["rows"]]
    assert risks == sorted(risks, reverse=True) and 0 < risks[0] <= 100
    assert all(row[0].startswith("SUB-") and row[2] for row in seen["rows"])


def test_a_subscriber_opens(seen: Json) -> None:
    subscriber = seen["rows"][0][0]
    detail = seen["detail"]
    assert seen["opened"] == detail["title"] == subscriber
    assert detail["reasons"] > 0 and detail["features"] > 10
    assert detail["json"] == f"/api/v1/subscribers/{subscriber}"


def test_the_theme_changes_and_is_remembered(seen: Json) -> None:
    before, light, dark, on_another_page = seen["themes"]
    assert [theme["button"] for theme in seen["themes"]] == ["Theme: system", "Theme: light", "Theme: dark", "Theme: dark"]
    assert before["paper"] == light["paper"] != dark["paper"] == on_another_page["paper"]


def test_a_narrow_page_does_not_scroll_sideways(seen: Json) -> None:
    assert seen["overflow"] == 0


@pytest.mark.parametrize("name", ["light", "detail-light", "dark", "detail-dark", "narrow"])
def test_axe_finds_nothing(seen: Json, name: str) -> None:
    assert seen["axe"][name] == []


def test_a_server_that_hangs_is_not_known_to_work(seen: Json) -> None:
    before, hung, after = seen["before"], seen["hung"], seen["after"]
    assert len(before["parts"]) > 5 and "ok" in before["parts"] and before["alarm"] == ""
    assert set(hung["parts"]) == {"unknown"} and "does not answer" in hung["alarm"] and "Not known" in hung["overall"]
    assert after == before
