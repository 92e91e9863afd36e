"""What a competent team with pandas and xgboost would run instead of `smelt train` and `smelt score`: the same features as of the same cuts, the same
parameters, calibration, and the contributions of every score.

    pandas_churn.py LAKE.duckdb DEPARTURES.csv MODEL.meta.json SCORES.parquet [TEST.csv]

Silver is read once, with ids as categories and the narrowest types. Unlike `smelt train` it makes no report, no rivals and no intervals.
TEST.csv gets the rows of the test cut.
The last line of its output is JSON: seconds by step, and how it ranks the test cut.
"""

import json
import sys
import time
from itertools import pairwise

import duckdb
import numpy
import pandas
import pandas_features
import xgboost

READ = """
SELECT subscriber_id::ids AS id, (epoch_us(event_timestamp) // 86400000000)::SMALLINT AS day, event_timestamp AS at,
       (greatest(epoch_us(event_timestamp), epoch_us(kafka_timestamp)) // 86400000000)::SMALLINT AS known,
       event_type = 'BSS' AS bss, event_type = 'OSS' AS oss, event_type = 'IoT' AS iot, coalesce(bss_payment_status = 'overdue', false) AS overdue,
       quality_score::FLOAT AS quality, oss_signal_dbm::FLOAT AS signal, oss_latency_ms::FLOAT AS latency, oss_packet_loss_pct::FLOAT AS loss,
       bss_bill_zmw::FLOAT AS bill, bss_data_used_mb::FLOAT AS used, bss_days_overdue::FLOAT AS days_overdue, iot_battery_pct::FLOAT AS battery
FROM lake.silver_clean_events WHERE event_timestamp >= make_timestamp(? * 86400000000) ORDER BY event_timestamp"""


def read(lake, oldest):
    connection = duckdb.connect()
    connection.execute(f"ATTACH '{lake}' AS lake (READ_ONLY)")
    connection.execute("CREATE TYPE ids AS ENUM (SELECT DISTINCT subscriber_id FROM lake.silver_clean_events ORDER BY 1)")
    return connection.execute(READ, [int(oldest)]).df()


def read_departures(file, ids):
    left = pandas.read_csv(file, usecols=["subscriber_id", "left_at", "returned_at"], parse_dates=["left_at", "returned_at"])
    places = pandas.Index(ids).get_indexer(left.pop("subscriber_id"))
    return left.assign(code=places)[places >= 0]


def outcomes(left, cut, horizon):
    """1: leaves in the horizon; -1: has left before and is not back. By code."""
    at, until = (pandas.Timestamp(day * 86400, unit="s", tz="UTC") for day in (cut, cut + horizon))
    leaves = left.loc[(left["left_at"] >= at) & (left["left_at"] < until), "code"]
    away = left.loc[(left["left_at"] < at) & (left["returned_at"].isna() | (left["returned_at"] > at)), "code"]
    found = pandas.Series(1, index=leaves.unique())
    return pandas.concat([found.drop(away.unique(), errors="ignore"), pandas.Series(-1, index=away.unique())])


def labelled(events, left, cut, first, metadata):
    values = pandas_features.features(events, cut, first)[metadata["features"]]
    labels = outcomes(left, cut, metadata["horizon_days"]).reindex(values.index, fill_value=0)
    return values[labels >= 0].astype(numpy.float32), labels[labels >= 0]


def auc(labels, scores):
    ranks = pandas.Series(numpy.asarray(scores)).rank().to_numpy()
    positives = labels.to_numpy() == 1
    n = positives.sum()
    return float((ranks[positives].sum() - n * (n + 1) / 2) / (n * (len(ranks) - n)))


def platt(log_odds, labels, steps=30):
    """Two numbers by Newton's method, so that the log-odds agree with what happens."""
    x, y, found = numpy.column_stack([log_odds, numpy.ones(len(log_odds))]).astype(float), labels.to_numpy(float), numpy.array([1.0, 0.0])
    for _ in range(steps):
        p = 1 / (1 + numpy.exp(-x @ found))
        found += numpy.linalg.solve((x * (p * (1 - p))[:, None]).T @ x, x.T @ (y - p))
    return found


def train(sets, metadata):
    """The booster and its calibration. The parameters are those of the model, but with all cores."""
    values, labels = (pandas.concat(each) for each in zip(*sets["training"]))
    params = {name: value for name, value in metadata["params"].items() if name != "rounds"} | {"nthread": "2", "base_score": str(labels.mean())}
    model = xgboost.train(params, xgboost.DMatrix(values, label=labels), num_boost_round=metadata["params"]["rounds"])
    values, labels = sets["calibration"]
    return model, platt(model.predict(xgboost.DMatrix(values), output_margin=True), labels)


def score(model, calibration, values, ids, file):
    """Probabilities, and the three features that contributed most to each, into a file."""
    contributions = model.predict(xgboost.DMatrix(values), pred_contribs=True)
    log_odds = contributions.sum(axis=1)
    order = numpy.argpartition(-numpy.abs(contributions[:, :-1]), 3, axis=1)[:, :3]
    names, rows = numpy.array(values.columns), numpy.arange(len(values))[:, None]
    scores = pandas.DataFrame({"subscriber_id": numpy.asarray(ids)[values.index], "probability": 1 / (1 + numpy.exp(-(calibration[0] * log_odds + calibration[1])))})
    for place in range(3):
        scores[f"reason_{place}"] = names[order[:, place]]
        scores[f"contribution_{place}"] = contributions[rows[:, 0], order[:, place]]
        scores[f"value_{place}"] = values.to_numpy()[rows[:, 0], order[:, place]]
    duckdb.from_df(scores).write_parquet(file)
    return len(scores)


def main(lake, departures, model_file, scores_file, test_file=None):
    marks = {"start": time.perf_counter()}
    with open(model_file, encoding="utf-8") as file:
        metadata = json.load(file)
    cuts = metadata["training_set"]
    first, end = cuts["first_day"], cuts["end_day"]
    events = read(lake, first - 1)
    ids = events["id"].cat.categories
    events["id"] = events["id"].cat.codes
    marks["read"] = time.perf_counter()
    left = read_departures(departures, ids)
    sets = {"training": [labelled(events, left, cut, first, metadata) for cut in cuts["training"]]}
    sets |= {part: labelled(events, left, cuts[part], first, metadata) for part in ("calibration", "test")}
    marks["set"] = time.perf_counter()
    model, calibration = train(sets, metadata)
    ranked = auc(sets["test"][1], model.predict(xgboost.DMatrix(sets["test"][0])))
    marks["train"] = time.perf_counter()
    today = pandas_features.features(events, end, first)[metadata["features"]].astype(numpy.float32)
    scored = score(model, calibration, today, ids, scores_file)
    marks["score"] = time.perf_counter()
    if test_file:
        values, labels = sets["test"]
        values.assign(id=numpy.asarray(ids)[values.index], label=labels).to_csv(test_file, index=False)
    steps = {name: at - before for (_, before), (name, at) in pairwise(marks.items())}
    print(json.dumps({"steps": steps, "auc": ranked, "scored": scored}))


main(*sys.argv[1:])
