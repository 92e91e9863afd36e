"""A model of an entity that is not the first of features.yaml: trained, scored, published and served by its own ids, here numbers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from harness import FREE_PORT, ROOT, Api, Json, Smelt, serving

BIKES = ROOT / "tests/pipelines/bikes"
STATIONS = 120
MODEL = """
model:
  entity: station
  label: {label}
  title: risk of closing
  value: {{feature: departures, name: lost, title: Trips at stake, unit: trips}}
"""
RULE = """
    labels:
      - {name: quiet, any_of: [{feature: departures, less_than: 8}], description: Few trips begin there.}
"""


def trip(number: int, station: int, at: datetime) -> Json:
    payload: Json = {"station": station, "km": number % 40 / 4}
    return {"id": f"t{number}", "type": "TRIP", "source": "docks", "subscriber_id": f"bike-{number % 30:02}", "timestamp": at.isoformat(), "payload": payload, "quality_score": 90}


def trips() -> list[Json]:
    """Of each station as many as its number says, from 5 to 14."""
    now = datetime.now(UTC)
    wanted = [station for station in range(STATIONS) for _ in range(5 + station % 10)]
    return [trip(n, station * 10, now - timedelta(minutes=n % 5000)) for n, station in enumerate(wanted)]


def declare(folder: Path, *sections: str) -> None:
    shutil.copytree(BIKES, folder, dirs_exist_ok=True)
    (folder / "features.yaml").write_text((BIKES / "features.yaml").read_text() + "".join(sections))


@pytest.fixture
def stations(new_smelt: Callable[..., Smelt]) -> Smelt:
    smelt = new_smelt(kafka_bootstrap="127.0.0.1:1", pipeline_dir="pipeline")
    declare(smelt.folder / "pipeline", RULE, MODEL.format(label="quiet"))
    (smelt.folder / "trips.jsonl").write_text("".join(json.dumps(one) + "\n" for one in trips()))
    return smelt


def lists(api: Api, path: str, key: str) -> list[str]:
    found: list[str] = []
    page = api.get(f"{path}limit=50")
    while True:
        found += [row[key] for row in page["items"]]
        if page["next_cursor"] is None:
            return found
        page = api.get(f"{path}limit=50&cursor={page['next_cursor']}")


def test_the_second_entity_has_the_model(stations: Smelt) -> None:
    run = stations("run", "--from", "trips.jsonl")
    steps = {step["name"]: step for step in run["steps"]}
    assert {name: step["state"] for name, step in steps.items()} == dict.fromkeys(("ingest", "refine", "train", "score", "publish"), "done")
    assert steps["score"]["summary"]["scored"] == STATIONS and steps["score"]["summary"]["stations"] == STATIONS
    assert stations.value("SELECT count(*) FROM entity_scores JOIN gold_station_features ON entity_id = station_id::VARCHAR") == STATIONS
    (metadata,) = (json.loads(row[0]) for row in stations.rows("SELECT metadata::VARCHAR FROM models"))
    assert (metadata["entity"], metadata["key"]) == ("station", "station_id") and "departures" in metadata["features"]
    status = {part["name"]: part for part in stations.run("status").summary["components"]}
    assert status["gold"]["state"] == status["model"]["state"] == "ok" and f"{STATIONS} docking stations" in json.dumps(status), status
    api = serving(stations.start("serve", *FREE_PORT))
    overview, pipeline = api.get("/api/v1/overview"), {e["entity"]: e for e in api.get("/api/v1/pipeline")["entities"]}
    assert overview["bikes"] == {"total": 30} and [e["total"] for e in overview["entities"]] == [30, STATIONS]
    assert overview["stations"]["scored"] == STATIONS and overview["stations"]["high"] > 0 and overview["stations"]["lost_at_risk_trips"] > 0
    assert pipeline["bike"]["risk"] is None and pipeline["station"]["risk"]["title"] == "risk of closing"
    riskiest = api.get("/api/v1/stations?limit=1&sort=-risk")["items"][0]
    assert riskiest["churn_probability"] > 0.5 and riskiest["departures"] < 8 and riskiest["value_at_risk"] > 0
    assert sorted(lists(api, "/api/v1/stations?", "station_id")) == sorted(str(n * 10) for n in range(STATIONS))
    one = api.get(f"/api/v1/stations/{riskiest['station_id']}")
    assert one["risk"]["risk_band"] == "high" and one["risk"]["reasons"] and one["features"]["quiet"] == 1
    assert len(api.get(f"/api/v1/stations/{riskiest['station_id']}/scores")["items"]) == 1
    assert api.get("/api/v1/bikes/bike-07/scores", 404)["detail"] == "There are no scores of bikes: the model is of another entity."
    assert "risk" not in api.get("/api/v1/bikes/bike-07")
    assert api.get("/api/v1/changes")["band"] == "high"
    assert api.get("/api/v1/changes")["entered_total"] == 0 and api.get("/api/v1/history")["metrics"]
    assert f'smelt_layer_rows{{layer="gold"}} {STATIONS}' in api.ask("/metrics")[2].decode()


def published(smelt: Smelt, sql: str) -> list[list[object]]:
    return [list(row.values()) for row in smelt("sql", sql)["rows"]]


def test_scores_follow_what_changes(stations: Smelt) -> None:
    """Only those whose features changed are scored again; the published generation has them beside their features."""
    stations("run", "--from", "trips.jsonl")
    with (stations.folder / "trips.jsonl").open("a") as file:
        file.writelines(json.dumps(trip(100_000 + n, 0, datetime.now(UTC))) + "\n" for n in range(20))
    done = {step["name"]: step["summary"] for step in stations("run", "--from", "trips.jsonl")["steps"]}
    assert done["score"]["scored"] == 1 and done["score"]["stations"] == STATIONS
    assert stations.rows("SELECT entity_id FROM scores_fresh") == [("0",)]
    assert stations.value("SELECT count(*) FROM entity_scores") == STATIONS
    stations("publish", "--parquet", "out")
    assert sorted(path.name for path in (stations.folder / "out").iterdir()) == ["gold_bike_features.parquet", "gold_station_features.parquet"]
    stations("refine", "--full")
    assert stations("score")["stations"] == STATIONS


def test_labels_of_a_file_by_ids_that_are_numbers(stations: Smelt) -> None:
    stations("run", "--from", "trips.jsonl")
    (stations.folder / "closed.csv").write_text("station_id,churned\n" + "".join(f"{n * 10},{int(n % 10 < 4)}\n" for n in range(STATIONS)) + "7,1\n")
    trained = stations("train", "--label", "closed.csv")
    assert trained["rows"] == STATIONS and trained["labels_unused"] == 1
    assert stations("score")["stations"] == STATIONS


def test_the_model_goes_to_another_entity_and_back(stations: Smelt) -> None:
    stations("run", "--from", "trips.jsonl")
    (first,) = (row[0] for row in stations.rows("SELECT model_id FROM models"))
    rule = "labels: [{name: tired, any_of: [{feature: trips, greater_than: 37}]}]\n"
    declare(stations.folder / "pipeline", rule, "model: {label: tired}\n")
    refined = stations.run("refine")
    assert refined.code == 0 and "models and scores of the entity before are withdrawn" in refined.stderr, refined.stderr
    assert stations.value("SELECT count(*) FROM entity_scores") == 0
    assert "there is no model yet" in stations.run("score").error
    result = stations.run("model", "promote", first)
    assert result.code == 78 and "is a model of station" in result.error and "is of bike (bike_id)" in result.error, result.error
    stations("publish")
    api = serving(stations.start("serve", *FREE_PORT))
    assert api.get("/api/v1/overview")["bikes"]["scored"] == 0 and "risk" not in api.get("/api/v1/stations/10")
    declare(stations.folder / "pipeline", RULE, MODEL.format(label="quiet"))
    stations("refine")
    stations("model", "promote", first)
    assert stations("score")["stations"] == STATIONS


def test_a_label_of_the_future_of_the_second_entity(new_smelt: Callable[..., Smelt]) -> None:
    """Stations that close for good: learned from days of the past, by ids that are numbers."""
    smelt = new_smelt(kafka_bootstrap="127.0.0.1:1", pipeline_dir="pipeline")
    label = "    labels: [{name: closes, inactivity: {silence: 7d, horizon: 14d}}]\n"
    model = "model:\n  label: closes\n  population: {active_within: 7d, events: 2, events_within: 14d}\n  cuts: {training: 2, apart: 7d}\n  windows: [7d, 14d]\n"
    declare(smelt.folder / "pipeline", label, model)
    now, lines = datetime.now(UTC).replace(hour=1), []
    for day in range(150, -1, -1):
        for station in range(400):
            closes = -1 if station % 4 == 0 else 10 + station * 7 % 140  # days ago, a quarter of them never
            fades = closes < day < closes + 10
            if day > closes:
                for n in range(1 if fades else 3):
                    lines.append(trip(len(lines), station, now - timedelta(days=day, minutes=-n)))
    (smelt.folder / "trips.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    smelt("ingest", "--from", "trips.jsonl")
    smelt("refine")
    trained = smelt("train", "--force")
    assert trained.get("model") and trained["forecast"]["outcome"] == "closes", trained
    scored = smelt("score")
    assert 0 < scored["stations"] < 400
    assert smelt.value("SELECT count(*) FROM entity_scores AS s LEFT JOIN gold_station_features AS g ON g.station_id::VARCHAR = s.entity_id WHERE g.station_id IS NULL") == 0
