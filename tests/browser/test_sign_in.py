"""The page to sign in, in a real Chromium: sign_in.js goes through it, and what it saw is judged here."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from harness import Json, Smelt
from visits import look, unexpected, visit_lake

pytestmark = pytest.mark.xdist_group("browser")
HISTORY = ("produce", "--seed", "5", "--days", "40", "--subscribers", "60", "--events", "2000", "--out", "events.jsonl")


@look("new_lake")
def sign_in(new_lake: Callable[..., Smelt]) -> Json:
    smelt = new_lake("sign_in")
    smelt(*HISTORY)
    smelt("run", "--from", "events.jsonl")
    token = smelt("token", "create", "anna", "--scopes", "status,aggregate,entities")["token"]
    return visit_lake(smelt, "sign_in.js", TOKEN=token)


def test_a_person_signs_in_and_out(looks: Callable[[str], Json]) -> None:
    seen = looks("sign_in")
    assert unexpected(seen["problems"]) == [] and seen["axe"] == []
    assert "not one of this server" in seen["refused"]
    assert "This is not a token" in seen["cut"], "no request can have it: the server was not asked"
    assert seen["typed"].startswith("Your session has ended. Sign in in another tab"), seen["typed"]
    assert seen["cookies"] == [{"name": "smelt_session", "httpOnly": True, "sameSite": "Strict", "secure": False}] and seen["readable"] == ""
    assert seen["who"] == "Signed in as anna, for status, aggregate, entities."
    assert seen["after"] == 0 and seen["again"] == "/ui/sign-in.html"
