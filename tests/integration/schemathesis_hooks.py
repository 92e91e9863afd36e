"""What Schemathesis cannot know from a schema (test_schemathesis.py): which texts mean something. Cursors are made by the server alone, each for
the page behind one page; times, steps and names of columns depend on each other and on the pipeline. So a request that is meant to be valid gets
some that are. Requests that are meant to be invalid keep theirs."""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis.generation import GenerationMode

given: dict[str, dict[str, Any]] = {}  # cursor: the parameters of the page before
SOME = {
    "from": ["-7d", "-24h", "2026-01-01T00:00:00Z"],
    "to": [],  # after from: left out
    "step": ["1d"],
    "since": ["-24h", "1", "2026-01-01T00:00:00Z"],
    "metric": ["total", "total,quarantined"],
    "fields": ["*"],
    "sort": [],  # names of columns: test_data_routes.py
    "where": [],
    "before": [],
}


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    is_json = any(kind.startswith("application/json") for kind in response.headers.get("content-type", []))
    if response.status_code == 200 and is_json and "next_cursor" in response.text:
        given[response.json()["next_cursor"] or ""] = {name: value for name, value in case.query.items() if name != "cursor"}


def with_meaning(query: dict[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in query.items() if name not in SOME}
    for name in query.keys() & SOME.keys():
        if SOME[name]:
            found[name] = SOME[name][len(str(query[name])) % len(SOME[name])]
    return found


def add_quotes(case: Any) -> None:
    """It makes a key without those that the pattern has."""
    key = (case.headers or {}).get("Idempotency-Key")
    if key is not None and case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE:
        case.headers["Idempotency-Key"] = '"' + str(key).strip('"') + '"'


@schemathesis.hook
def map_case(context: Any, case: Any) -> Any:
    add_quotes(case)
    if not case.query or case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return case
    query = with_meaning(case.query)
    cursor = query.pop("cursor", None)
    case.query = given[cursor] | {"cursor": cursor} if cursor in given else query
    return case
