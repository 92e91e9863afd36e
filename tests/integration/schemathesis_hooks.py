"""What Schemathesis cannot know from a schema (test_schemathesis.py): which texts are cursors. Only the server makes them, each for the page
behind one page. So a valid request has none but one that it was given, with the other parameters of that page."""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis.generation import GenerationMode

given: dict[str, dict[str, Any]] = {}  # cursor: the parameters of the page before


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    if response.status_code == 200 and "next_cursor" in response.text:
        given[response.json()["next_cursor"] or ""] = {name: value for name, value in case.query.items() if name != "cursor"}


@schemathesis.hook
def map_case(context: Any, case: Any) -> Any:
    if case.query and "cursor" in case.query and case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE:
        cursor = case.query.pop("cursor")
        if cursor in given:
            case.query = given[cursor] | {"cursor": cursor}
    return case
