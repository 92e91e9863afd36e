"""The page to sign in, in a real Chromium: sign_in.js goes through it, and what it saw is judged here."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import FREE_PORT, Smelt, serving
from visits import unexpected, visit_by

pytestmark = pytest.mark.xdist_group("browser")
HISTORY = ("produce", "--seed", "5", "--days", "40", "--subscribers", "60", "--events", "2000", "--out", "events.jsonl")


def test_a_person_signs_in_and_out(binary: Path, tmp_path: Path) -> None:
    smelt = Smelt(binary, tmp_path, kafka_bootstrap="127.0.0.1:1")
    smelt(*HISTORY)
    smelt("run", "--from", "events.jsonl")
    token = smelt("token", "create", "anna", "--scopes", "status,aggregate,entities")["token"]
    running = smelt.start("serve", *FREE_PORT)
    try:
        seen = visit_by("sign_in.js", serving(running).url, TOKEN=token)
        assert running.end().code == 0
    finally:
        running.kill()
    assert unexpected(seen["problems"]) == [] and seen["axe"] == []
    assert "not one of this server" in seen["refused"]
    assert seen["cookies"] == [{"name": "smelt_session", "httpOnly": True, "sameSite": "Strict", "secure": False}] and seen["readable"] == ""
    assert seen["who"] == "Signed in as anna, for status, aggregate, entities."
    assert seen["after"] == 0 and seen["again"] == "/ui/sign-in.html"
