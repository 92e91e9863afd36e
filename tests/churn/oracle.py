"""Another implementation to compare with: Python's xgboost, of the version whose library Smelt loads. Prints JSON.

    oracle.py customers WA_CHURN                 the customers of wa_churn, one a line
    oracle.py set SET.csv MODEL.meta.json        trains on the part `training` of a set as `smelt model set` writes it; the log-odds of all its rows
    oracle.py direct WA_CHURN PARTS MODEL.meta.json   trains on wa_churn as it is, with columns of its own; PARTS: {row: part}; the log-odds by row
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy
import pandas
import wa_churn
import xgboost

BESIDE = ["part", "cut_day", "id", "label", "log_odds", "raw_probability", "probability"]  # columns of a set that are no features


def train(values: pandas.DataFrame, labels: pandas.Series, metadata: Mapping[str, object]) -> xgboost.Booster:
    """With the parameters of a model of Smelt."""
    params = dict(metadata["params"])
    rounds = params.pop("rounds")
    matrix = xgboost.DMatrix(values.to_numpy(numpy.float32), label=labels.to_numpy(numpy.float32), missing=numpy.nan)
    return xgboost.train(params, matrix, num_boost_round=rounds)


def log_odds(model: xgboost.Booster, values: pandas.DataFrame) -> list[float]:
    """With the nine digits that `smelt model set` writes: no two floats have the same."""
    found = model.predict(xgboost.DMatrix(values.to_numpy(numpy.float32), missing=numpy.nan), output_margin=True)
    return [float(f"{value:.9g}") for value in found]


def of_set(file: str, metadata: Mapping[str, object]) -> list[float]:
    rows = pandas.read_csv(file, dtype={"id": str}, float_precision="round_trip")
    values = rows.drop(columns=BESIDE)
    assert list(values) == metadata["features"]
    training = rows["part"] == "training"
    return log_odds(train(values[training], rows["label"][training], metadata), values)


def direct(folder: str, parts: Mapping[str, str], metadata: Mapping[str, object]) -> dict[int, float]:
    customers = wa_churn.read(Path(folder))
    values = pandas.get_dummies(customers.drop(columns="churn")).astype(numpy.float32)
    rows = sorted(int(row) for row in parts)
    training = [row for row in rows if parts[str(row)] == "training"]
    labels = customers["churn"] == "Yes"
    own = dict(metadata, params=dict(metadata["params"], base_score=str(labels[training].mean())))
    return dict(zip(rows, log_odds(train(values.loc[training], labels[training], own), values.loc[rows]), strict=True))


def main(command: str, *arguments: str) -> None:
    if command == "customers":
        print(wa_churn.read(Path(arguments[0])).to_json(orient="records", lines=True), end="")
        return
    metadata = json.loads(Path(arguments[-1]).read_text())
    assert metadata["xgboost_version"] == xgboost.__version__.strip(), f"Smelt has {metadata['xgboost_version']}, Python has {xgboost.__version__}"
    found = of_set(arguments[0], metadata) if command == "set" else direct(arguments[0], json.loads(Path(arguments[1]).read_text()), metadata)
    json.dump(found, sys.stdout)


main(*sys.argv[1:])
