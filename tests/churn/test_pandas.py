"""bench/baseline/pandas_churn.py is compared with Smelt for speed: it must do the same work, so its test cut is compared with that of `smelt model set`."""

from __future__ import annotations

import csv
import json
import math
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import ROOT, Smelt

FIRST = ("--behaviour", "credible", "--seed", "7", "--start", "2026-03-01", "--days", "150", "--subscribers", "800", "--events", "80000")
A_TIE = 0.06  # of a value and its ratios: a mean that ends in 5 is rounded to the even digit by one and away from zero by the other


def rows_of(file: Path) -> dict[str, dict[str, str]]:
    with file.open() as text:
        return {row["id"]: row for row in csv.DictReader(text) if row.get("part", "test") == "test"}


def number(text: str) -> float:
    return float(text) if text else math.nan


@pytest.mark.timeout(300)
def test_pandas_makes_the_same_features_and_labels(new_smelt: Callable[..., Smelt]) -> None:
    smelt = new_smelt(kafka_bootstrap="127.0.0.1:1")
    smelt("produce", *FIRST, "--out", "e.jsonl", "--departures", "left.csv")
    smelt("ingest", "--from", "e.jsonl")
    smelt("refine")
    model = smelt("train", "--label", "left.csv", "--force")["model"]
    smelt("model", "set", "--out", "set.csv")
    folder = smelt.folder
    command = [Path(os.environ["CHURN_VENV"]) / "bin/python", ROOT / "bench/baseline/pandas_churn.py", smelt.data / "lake.duckdb", folder / "left.csv"]
    command += [smelt.data / "models" / f"{model}.meta.json", folder / "scores.parquet", folder / "test.csv"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["scored"] > 500
    ours, theirs = rows_of(folder / "set.csv"), rows_of(folder / "test.csv")
    assert ours.keys() == theirs.keys() and len(ours) > 500
    features = json.loads((smelt.data / "models" / f"{model}.meta.json").read_text())["features"]
    values = [(name, number(ours[key][name]), number(theirs[key][name])) for key in ours for name in features]
    assert [name for name, a, b in values if math.isnan(a) != math.isnan(b)] == []
    different = [(name, a, b) for name, a, b in values if abs(a - b) > 1e-5 * max(1, abs(a))]
    assert {key: row["label"] for key, row in ours.items()} == {key: row["label"] for key, row in theirs.items()}
    assert len(different) < len(values) / 40
    assert {name for name, _, _ in different if not name.startswith(("avg_", "bill_", "data_", "overdue_"))} == set()
    assert [found for found in different if abs(found[1] - found[2]) > max(1, A_TIE * abs(found[1]))] == []
