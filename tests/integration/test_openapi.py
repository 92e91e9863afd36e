"""/openapi.json: what it says is in docs/openapi.json, every address of the route table is in it, and it names what each address needs."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path

from harness import FREE_PORT, ROOT, Api, Json, Smelt, filled, serving

KEPT = ROOT / "docs/openapi.json"
PAGES = {"/", "/docs"}  # addresses of files for browsers, which the description leaves out


def references(value: object) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def check_references(description: Json) -> None:
    for name in references(description):
        found = description
        for part in name.removeprefix("#/").split("/"):
            assert part in found, f"{name} leads nowhere"
            found = found[part]


def lists_without_items(value: object, at: str = "") -> list[str]:
    """Makers of clients leave out a schema that does not say what is in a list, with all that it is a part of."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    own = [at] if isinstance(value, dict) and "array" in (value.get("type") or ()) and not {"items", "prefixItems"} & set(value) else []
    return own + [fault for name, child in children for fault in lists_without_items(child, f"{at}/{name}")]


def check_defaults(description: Json) -> None:
    """Clients that are made of the description send the default of a parameter: one that is refused, or an offset that begins at 0, is none."""
    for path, methods in description["paths"].items():
        for parameter in (one for method in methods.values() for one in method.get("parameters", [])):
            schema = parameter["schema"]
            assert "default" not in schema or (parameter["name"] in ("limit", "bins") and schema["minimum"] <= schema["default"] <= schema["maximum"]), (path, parameter)


def test_the_description_is_the_one_that_is_kept(new_smelt: Callable[..., Smelt], tmp_path: Path) -> None:
    """Of the telecom pipeline. After a change of the API: copy the file that the message names."""
    running = filled(new_smelt(), 200).start("serve", *FREE_PORT)
    description = serving(running).get("/openapi.json")
    assert running.end().code == 0
    check_references(description)
    assert lists_without_items(description) == []
    check_defaults(description)
    made = tmp_path / "openapi.json"
    made.write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n")
    assert KEPT.exists() and made.read_text() == KEPT.read_text(), f"docs/openapi.json is of another API: cp {made} {KEPT}"


def test_every_route_is_described(new_smelt: Callable[..., Smelt]) -> None:
    """Before there is anything to serve, so that patterns stand for themselves."""
    running = new_smelt().start("serve", *FREE_PORT)
    api = serving(running)
    description = api.get("/openapi.json")
    check_references(description)
    table = re.findall(r'^    \{"([A-Z]+)", "(/[^"]*)"', (ROOT / "src/web/routes.c").read_text(), re.MULTILINE)
    described = {(method.upper(), path) for path, methods in description["paths"].items() for method in methods}
    assert described == {(method, path) for method, path in table if "*" not in path and path not in PAGES}
    for _, path in table:
        check_link(api, path)
    assert running.end().code == 0


def check_link(api: Api, path: str) -> None:
    if "{" in path or not path.startswith("/api/"):
        return
    request = urllib.request.Request(api.url + path, method="OPTIONS")
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.headers["Link"] == '</openapi.json>; rel="service-desc"', path
