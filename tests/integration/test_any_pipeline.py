"""The engine with a pipeline of meters: no name of telecom's, two labels of other names, and ids as strangers choose them."""

from __future__ import annotations

import json
import random
import re
import urllib.parse
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from harness import FREE_PORT, ROOT, Api, Json, Smelt, serving

METERS = ROOT / "tests/pipelines/everything"
LABELS = {"heavy", "quiet"}


def reading(number: int, subscriber: str, kwh: float) -> Json:
    at = datetime.now(UTC) - timedelta(minutes=number % 600)
    payload: Json = {"kind": "power", "reading kWh": kwh, "phase": number % 3 + 1, "level": number % 5, "on": True, "installed": "2024-01-01", "read_at": at.isoformat(), "place": {"lat": 1.5}}
    return {"id": f"e{number}", "type": "METER", "source": "meters", "subscriber_id": subscriber, "timestamp": at.isoformat(), "payload": payload, "quality_score": 90}


def write_events(path: Path, subscribers: Iterable[str]) -> None:
    """Two readings of each; the second half use much."""
    ids = list(subscribers)
    events = (reading(2 * i + n, name, 50.0 if i >= len(ids) / 2 else 3.0) for i, name in enumerate(ids) for n in range(2))
    path.write_text("".join(json.dumps(event) + "\n" for event in events))


@pytest.fixture
def meters(new_smelt: Callable[..., Smelt]) -> Smelt:
    return new_smelt(kafka_bootstrap="127.0.0.1:1", pipeline_dir=str(METERS))


def test_a_pipeline_without_our_names_is_served(meters: Smelt) -> None:
    write_events(meters.folder / "events.jsonl", (f"S-{n:03}" for n in range(60)))
    steps = {step["name"]: step for step in meters("run", "--from", "events.jsonl")["steps"]}
    assert steps["publish"]["state"] == "done" and steps["train"]["state"] == "skipped" and "churn_label" in json.dumps(steps["train"])
    running = meters.start("serve", *FREE_PORT)
    api = serving(running)
    overview = api.get("/api/v1/overview")
    assert overview["subscribers"]["total"] == 60 and overview["subscribers"]["mean_bills_zmw"] is None
    assert overview["hours"] and {hour["event_type"] for hour in overview["hours"]} == {"METER"}
    assert len(api.get("/api/v1/subscribers?limit=500")["items"]) == 60
    assert api.get("/api/v1/subscribers/S-003")["features"]["mean_kwh"] == 3.0
    assert 'smelt_subscribers{risk="unscored"} 60' in api.ask("/metrics")[2].decode()
    assert running.end().code == 0


def test_no_label_is_a_feature_of_a_model(meters: Smelt) -> None:
    write_events(meters.folder / "events.jsonl", (f"S-{n:03}" for n in range(80)))
    meters("run", "--from", "events.jsonl")
    assert meters.value("SELECT count(*) FROM gold_subscriber_features WHERE heavy = 1") == 40
    left = "".join(f"S-{n:03},{int(n >= 40)}\n" for n in range(80))
    (meters.folder / "left.csv").write_text("subscriber_id,churned\n" + left)
    model = meters("train", "--label", "left.csv")["model"]
    meters("score")
    features = json.loads(meters.value("SELECT metadata->>'features' FROM models"))
    assert features and not LABELS & set(features) and "mean_kwh" in features and model
    reasons = {reason["feature"] for (row,) in meters.rows("SELECT reasons::VARCHAR FROM subscriber_scores") for reason in json.loads(row)}
    assert reasons and not LABELS & reasons


def strange_ids(count: int) -> list[str]:
    """Always the same ones: of all kinds of characters, some very long, some alike."""
    dice = random.Random(20)
    alphabets = ["ab", "\x00\x01\t\n\r\x1b\x7f ", "/?#%&=+;:@~.\\\"'<>", "ßẞéE\u0301ÅΩ", "\u202e\u200b\ufeff\u2028", "😀𝒳\U0010ffff"]
    ids = {"S" + "".join(dice.choice(dice.choice(alphabets)) for _ in range(dice.choice([0, 1, 3, 8, 40]))) for _ in range(count)}
    return sorted(ids | {"S" + "W" * length for length in (126, 127, 128, 129, 300, 1000)} | {"S" + "W" * 300 + end for end in "xyz"})


def all_pages(api: Api, limit: int) -> list[str]:
    listed: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.get(f"/api/v1/subscribers?limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        assert page["items"], "no page is empty"
        listed += [item["subscriber_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        assert cursor is None or re.fullmatch(r"[A-Za-z0-9_-]{1,208}", cursor)
        assert len(listed) <= page["total"], "the pages never end"
    return listed


def test_every_id_that_is_listed_can_be_read_and_paged(meters: Smelt) -> None:
    write_events(meters.folder / "events.jsonl", strange_ids(150))
    meters("run", "--from", "events.jsonl")
    stored = [row[0] for row in meters.rows("SELECT subscriber_id FROM gold_subscriber_features")]
    assert len(stored) > 20
    running = meters.start("serve", *FREE_PORT)
    api = serving(running)
    for limit in (1, 7, 500):
        listed = all_pages(api, limit)
        assert sorted(listed) == sorted(stored), f"pages of {limit}"
    for name in stored:
        assert api.get(f"/api/v1/subscribers/{urllib.parse.quote(name, safe='')}")["subscriber_id"] == name
    assert running.end().code == 0
