"""The engine with pipelines that are not a telecom operator's: meters, with two labels of other names and ids as strangers choose them; and bikes
and their stations, where no word of telecom may show anywhere."""

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
BIKES = ROOT / "tests/pipelines/bikes"
TELECOM = re.compile(r"subscriber|tower|zmw|bill|telecom|operator", re.IGNORECASE)
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
    assert overview["subscribers"]["total"] == 60 and "mean_bills_zmw" not in overview["subscribers"]
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


def trip(number: int) -> Json:
    at = datetime.now(UTC) - timedelta(hours=number % 900)
    payload: Json = {"station": number % 5 * 100, "km": number % 40 / 4}
    return {"id": f"t{number}", "type": "TRIP", "source": "docks", "subscriber_id": f"bike-{number % 30:02}", "timestamp": at.isoformat(), "payload": payload, "quality_score": 90}


@pytest.fixture
def bikes(new_smelt: Callable[..., Smelt]) -> Smelt:
    smelt = new_smelt(kafka_bootstrap="127.0.0.1:1", pipeline_dir=str(BIKES))
    trips = [trip(n) for n in range(400)]
    trips.append(trips[0] | {"id": "bad", "payload": {"station": 1, "km": -1}})
    (smelt.folder / "trips.jsonl").write_text("".join(json.dumps(t) + "\n" for t in trips))
    return smelt


def assert_no_telecom(*texts: object) -> None:
    for text in texts:
        found = TELECOM.search(text if isinstance(text, str) else json.dumps(text))
        assert found is None, f"{found.group(0)!r} in {text}"


def test_bikes_are_served_by_their_own_names(bikes: Smelt) -> None:
    run = bikes("run", "--from", "trips.jsonl")
    steps = {step["name"]: step for step in run["steps"]}
    assert steps["publish"]["state"] == "done" and steps["train"]["state"] == "skipped" and steps["score"]["state"] == "skipped"
    refined = steps["refine"]["summary"]
    assert refined["bikes"] == 30 and refined["entities"] == {"bike": 30, "station": 5}
    assert_no_telecom(refined, bikes("refine", "--full"), bikes.run("status").summary, bikes("sql", "SHOW TABLES"), bikes("quarantine", "list"))
    shown = bikes("quarantine", "show")["rows"]
    assert [row["bike_id"] for row in shown] == ["bike-00"]
    assert_no_telecom([{key: value for key, value in row.items() if key != "raw_payload"} for row in shown])
    running = bikes.start("serve", *FREE_PORT)
    api = serving(running)
    overview, pipeline = api.get("/api/v1/overview"), api.get("/api/v1/pipeline")
    assert overview["bikes"] == {"total": 30} and [e["total"] for e in overview["entities"]] == [30, 5]
    assert [e["place"] for e in pipeline["entities"]] == [None, {"longitude": "mean_lon", "latitude": "mean_lat"}]
    assert {column["worse"] for e in pipeline["entities"] for column in e["columns"]} == {None}
    listed, one = api.get("/api/v1/bikes"), api.get("/api/v1/bikes/bike-07")
    assert listed["total"] == 30 and listed["items"][0]["bike_id"] == "bike-00" and one["features"]["trips"] > 10 and "risk" not in one
    stations, station = api.get("/api/v1/stations"), api.get("/api/v1/stations/400")
    assert [row["station_id"] for row in stations["items"]] == ["0", "100", "200", "300", "400"]
    assert station["features"]["departures"] == 80 and station["features"]["longest_km"] == 9.75
    metrics = api.ask("/metrics")[2].decode()
    assert 'smelt_entities{entity="station"} 5' in metrics
    values = [line for line in metrics.splitlines() if not line.startswith("#")]
    assert_no_telecom(overview, pipeline, listed, one, stations, station, api.get("/api/v1/status"), api.get("/api/v1/runs"), "\n".join(values))
    assert running.end().code == 0


def test_gold_of_bikes_and_stations_is_what_a_rebuild_makes(bikes: Smelt) -> None:
    tables = {"gold_bike_features": "bike_id", "gold_station_features": "station_id"}
    lines = (bikes.folder / "trips.jsonl").read_text().splitlines(keepends=True)
    random.Random(4).shuffle(lines)
    for at in range(0, len(lines), 60):
        with (bikes.folder / "feed.jsonl").open("a") as file:
            file.writelines(lines[at : at + 60])
        bikes("ingest", "--from", "feed.jsonl")
        bikes("refine")
    incremental = {table: bikes.rows(f"FROM {table} ORDER BY {key}") for table, key in tables.items()}
    assert all(incremental.values())
    bikes("refine", "--full")
    for table, key in tables.items():
        assert bikes.rows(f"FROM {table} ORDER BY {key}") == incremental[table], table
    assert "bike_id" in {name for (name,) in bikes.rows("SELECT column_name FROM duckdb_columns() WHERE table_name = 'silver_clean_events'")}
