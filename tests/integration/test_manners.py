"""What every answer has: compression that the client asked for, names that browsers may keep, types of problems that lead somewhere."""

from __future__ import annotations

import gzip
import json
import re
import urllib.request
from collections.abc import Callable, Iterator

import pytest
from harness import FREE_PORT, Smelt, filled, serving
from test_access import ask


@pytest.fixture
def url(new_smelt: Callable[..., Smelt]) -> Iterator[str]:
    smelt = filled(new_smelt())
    running = smelt.start("serve", *FREE_PORT)
    yield serving(running).url
    assert running.end().code == 0


def test_bodies_are_compressed_as_the_client_asks(url: str) -> None:
    for path in ("/api/v1/subscribers", "/api/v1/overview", "/openapi.json", "/metrics", "/ui/smelt.css", "/"):
        plain = ask(url + path)
        varies = "Accept, Accept-Encoding" if path == "/api/v1/subscribers" else "Accept-Encoding"
        assert plain.fields["Content-Encoding"] is None and plain.fields["Vary"] == varies
        for accepted, coding in (("gzip", "gzip"), ("gzip, deflate, br", "gzip"), ("zstd;q=0, *", "gzip"), ("GZIP;q=0.1", "gzip"), ("gzip;q=0", None), ("br", None), ("", None)):
            packed = ask(url + path, Accept_Encoding=accepted)
            assert packed.fields["Content-Encoding"] == coding and packed.fields["Vary"] == varies, (path, accepted)
            unpacked = gzip.decompress(packed.body) if coding else packed.body
            assert path in ("/metrics", "/api/v1/overview") or unpacked == plain.body
            assert not coding or len(packed.body) < len(plain.body) * 0.7
        if not path.startswith("/ui") and path != "/":
            squeezed = ask(url + path, Accept_Encoding="gzip, zstd")
            assert squeezed.fields["Content-Encoding"] == "zstd" and squeezed.body[:4] == b"\x28\xb5\x2f\xfd"
        again = ask(url + path, Accept_Encoding="gzip", If_None_Match=plain.fields["ETag"] or '"x"')
        assert again.status == (304 if plain.fields["ETag"] else 200)
    assert ask(f"{url}/livez", Accept_Encoding="gzip").fields["Content-Encoding"] is None  # too short to be worth it
    head = ask(f"{url}/api/v1/subscribers", None, "HEAD", Accept_Encoding="gzip")
    assert head.fields["Content-Encoding"] == "gzip" and head.body == b""


def test_a_table_says_how_many_rows_there_are(url: str) -> None:
    """Also of those that it leaves out; and caches keep it apart from the list in JSON, which has another tag."""
    total = json.loads(ask(f"{url}/api/v1/subscribers").body)["total"]
    tags = set()
    for accept in ("text/csv", "application/vnd.apache.parquet", "application/json"):
        found = ask(f"{url}/api/v1/subscribers?limit=3", Accept=accept)
        tags.add(found.fields["ETag"])
        assert found.fields["Total-Rows"] == (None if "json" in accept else str(total)) and "Accept" in found.fields["Vary"].split(", ")
    unchanged = ask(f"{url}/api/v1/subscribers?limit=3", Accept="text/csv", If_None_Match=ask(f"{url}/api/v1/subscribers?limit=3", Accept="text/csv").fields["ETag"])
    assert len(tags) == 3 and unchanged.status == 304 and unchanged.fields["Vary"] == "Accept"


def test_what_a_page_is_made_of_is_kept_for_ever(url: str) -> None:
    for page in ("/", "/ui/sign-in.html", "/docs"):
        found = ask(url + page)
        assert found.fields["Cache-Control"] == "no-cache"
        parts = re.findall(r'(?:href|src)="(/ui/[^"]+\.(?:js|css|svg))"', found.body.decode())
        assert len(parts) >= 4 and all(re.match("/ui/v-[0-9a-f]{16}/", part) for part in parts)
        for part in parts:
            asset = ask(url + part)
            assert asset.status == 200 and asset.fields["Cache-Control"] == "public, max-age=31536000, immutable"
            of_before = ask(url + re.sub("v-[0-9a-f]{16}", "v-0123456789abcdef", part))
            assert of_before.body == asset.body and of_before.fields["Cache-Control"] == "no-cache"
    assert ask(f"{url}/ui/v-0123456789abcdef/nothing.js").status == 404 and ask(f"{url}/ui/v-").status == 404


def test_a_tab_of_before_an_update_is_loaded_anew_when_a_page_is_opened(url: str) -> None:
    """What its modules import need not be what the tab has. It asks for the page as it is where it has just been loaded."""
    (current,) = set(re.findall("/ui/v-[0-9a-f]{16}/", ask(url + "/").body.decode()))
    before = "/ui/v-0123456789abcdef/"
    anew = ask(f"{url}{before}pages/quality.js")
    assert b"location.reload()" in anew.body and anew.fields["Cache-Control"] == "no-store"
    assert anew.fields["Content-Type"] == "text/javascript; charset=utf-8"
    page = ask(f"{url}{current}pages/quality.js")
    assert b"location.reload()" not in page.body and b"export const render" in page.body
    assert ask(f"{url}{before}now/quality.js").body == page.body
    part = "pages/quality_events.js"  # no page of its own: what others import has what they name
    assert ask(f"{url}{before}{part}").body == ask(f"{url}{current}{part}").body == ask(f"{url}{before}now/quality_events.js").body


def test_the_type_of_a_problem_leads_to_what_it_means(url: str) -> None:
    kinds = {ask(url + path).problem["type"] for path in ("/nothing", "/api/v1/runs?limit=0", "/api/v1/subscribers/NOBODY")}
    assert kinds == {"/problems/not-found", "/problems/invalid-parameters"}
    for kind in kinds:
        assert json.loads(ask(url + kind).body)["type"] == kind
        page = ask(url + kind, Accept="text/html,application/xhtml+xml,*/*;q=0.8")
        assert page.fields["Content-Type"].startswith("text/html") and b"<h1>" in page.body
    wrong = ask(f"{url}/api/v1/runs?limit=0&x=1").problem
    assert [fault["parameter"] for fault in wrong["errors"]] == ["limit", "x"] and wrong["errors"][0]["reason"] == wrong["detail"]
    assert ask(f"{url}/problems/none").status == 404


def test_requests_have_names(url: str) -> None:
    with urllib.request.urlopen(f"{url}/livez", timeout=20) as answer:
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["Request-Id"])
    for name, kept in (("a-B_9.x", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("a/b", False)):
        assert (ask(f"{url}/nothing", Request_Id=name).fields["Request-Id"] == name) == kept
