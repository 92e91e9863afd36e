"""The model of the future: how long the training set, the training and the scores take, beside pandas and xgboost on the same lake.

Both start from Silver: Smelt's first training makes its days from all of it, which a pipeline that runs every day does day by day. How the
seconds of `smelt train` are divided is what its log says: the cuts to measure on are made while the trees are trained, so the set and the
training overlap. pandas makes no report, no rivals and no intervals.
"""

import json
import os
from datetime import datetime

from measure import process
from measure.bench import BASELINE
from measure.report import at_least, at_most, beside, cost, info, median, say
from measure.rounds import rounds

DAYS = 150  # a table of departures takes 135 to have a calibration cut of its own
PER_SUBSCRIBER = 180  # events in these days
START = "2026-03-01"
LAKE = "churn-lake"
SCORING = ("churn/features", "COMMIT")
STEPS = {"days": ("making the days", "churn/read_left"), "set": ("churn/left_until", "churn/segment:"), "training": ("training on", "churn/register")}


def make_history(bench):
    """Returns the number of events."""
    subscribers = bench.options.churn_subscribers
    events = subscribers * PER_SUBSCRIBER
    say(f"making {events:,} events of {subscribers:,} subscribers in {DAYS} days")
    bench.produce(events, "none", "--behaviour", "credible", "--seed", "31", "--start", START, "--days", str(DAYS), "--out", bench.path("churn.jsonl"),
                  "--departures", bench.path("departures.csv"), subscribers=subscribers)  # fmt: skip
    bench.smelt("ingest", "--from", bench.path("churn.jsonl"), lake=LAKE)
    bench.forget("churn.jsonl")
    bench.smelt("refine", lake=LAKE)
    return events


def seconds_between(log, begin, end):
    """From the last line with `begin` to the last one with `end`."""
    at = {}
    for line in log.splitlines():
        said = json.loads(line) if line.startswith("{") else {"message": ""}
        at |= {mark: datetime.fromisoformat(said["time"]) for mark in (begin, end) if said["message"].startswith(mark)}
    if len(at) < 2:
        raise process.Failed(f"the log of smelt train has no line that begins with {begin} and {end}")
    return (at[end] - at[begin]).total_seconds()


def log_of(bench, *words):
    return bench.smelt(*words, lake="churn-round", settings=("log.level=debug",))


def train(bench):
    return log_of(bench, "train", "--label", bench.path("departures.csv"), "--force")


def with_pandas(bench, model):
    python = os.path.join(os.environ["CHURN_VENV"], "bin", "python")
    return process.run([python, os.path.join(BASELINE, "pandas_churn.py"), bench.path("churn-round", "lake.duckdb"), bench.path("departures.csv"),
                        bench.path("churn-round", "models", f"{model}.meta.json"), bench.path("scores.parquet")])  # fmt: skip


def log_step(what, done):
    say(f"  {what:24} {done.seconds:7.2f} s  {done.cpu_seconds:7.2f} s of CPU  {done.peak_mib:5.0f} MiB")
    return done


class Round:
    def __init__(self, bench):
        bench.copy_lake(LAKE, "churn-round")
        self.first = log_step("smelt train", train(bench))
        self.score = log_step("smelt score", log_of(bench, "score", "--full"))
        self.again = log_step("smelt train, again", train(bench))
        self.trained = self.first.json()
        self.pandas = log_step("pandas + xgboost", with_pandas(bench, self.trained["model"]))
        self.steps = {name: seconds_between(self.first.errors, *marks) for name, marks in STEPS.items()}
        self.theirs = self.pandas.json()
        say("  " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.steps.items()) + "; pandas: "
            + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.theirs["steps"].items()))  # fmt: skip

    def scores_a_second(self):
        return self.score.json()["scored"] / self.score.seconds

    def theirs_a_second(self):
        return self.theirs["scored"] / self.theirs["steps"]["score"]

    def scores_alone(self):
        return self.score.json()["scored"] / seconds_between(self.score.errors, *SCORING)

    def smelt_seconds(self):
        return self.first.seconds + self.score.seconds

    def smelt_cpu(self):
        return self.first.cpu_seconds + self.score.cpu_seconds

    def smelt_mib(self):
        return max(self.first.peak_mib, self.score.peak_mib)


def churn(bench):
    events = make_history(bench)
    made = []
    for number in rounds(bench):
        say(f"a model of {bench.options.churn_subscribers:,} subscribers, round {number} of {bench.options.rounds}")
        made.append(Round(bench))
    yield from rows(bench, events, made)
    bench.forget(LAKE, "churn-round", "departures.csv", "scores.parquet")


def rows(bench, events, made):
    def middle(of):
        return median(of(one) for one in made)

    def steps(name):
        return middle(lambda one: one.theirs["steps"][name])

    size = f"{events:,} events, {made[0].trained['rows']:,} rows of {made[0].trained['features']} columns"
    trains = f"100 rounds, with report, rivals and intervals; pandas {steps('train'):.1f} s without them"
    yield info("churn", "days of all Silver, once", middle(lambda one: one.steps["days"]), "s", f"{events:,} events; later only what is new")
    yield at_most("churn", "training set from the days", middle(lambda one: one.steps["set"]), 10, "s", f"{size}; pandas from events {steps('set'):.1f} s")
    yield at_most("churn", "training", middle(lambda one: one.steps["training"]), 20, "s", trains)
    yield info("churn", "smelt train when the days are there", middle(lambda one: one.again.seconds), "s", "whole process: set, training, report")
    yield at_least("churn", "scores with reasons", middle(Round.scores_a_second), 100_000, "a second",
                   f"{made[0].score.json()['scored']:,} with their features, whole process; pandas {middle(Round.theirs_a_second):,.0f}")  # fmt: skip
    yield info("churn", "scores with reasons, from the features to the commit", middle(Round.scores_alone), "a second", "by the log")
    row = at_least("churn", "pandas + xgboost / smelt train + score, seconds", middle(lambda one: one.pandas.seconds / one.smelt_seconds()), 3, "",
                   f"{middle(lambda one: one.pandas.seconds):.1f} s / {middle(Round.smelt_seconds):.1f} s, days included")  # fmt: skip
    smelts = {"seconds": middle(Round.smelt_seconds), "cpu": middle(Round.smelt_cpu), "mib": max(one.smelt_mib() for one in made)}
    yield beside(row, f"a model and its scores from {events:,} events", "pandas + xgboost", smelts, cost([one.pandas for one in made]))
    yield info("churn", "pandas + xgboost / smelt train + score, CPU", middle(lambda one: one.pandas.cpu_seconds / one.smelt_cpu()), "",
               f"{middle(lambda one: one.pandas.cpu_seconds):.1f} s / {middle(Round.smelt_cpu):.1f} s")  # fmt: skip
    yield at_most("churn", "memory of smelt train + score / of pandas + xgboost", max(one.smelt_mib() / one.pandas.peak_mib for one in made), 1 / 3, "",
                  f"{max(one.smelt_mib() for one in made):,.0f} MiB / {max(one.pandas.peak_mib for one in made):,.0f} MiB")  # fmt: skip
    yield info("churn", "AUC of smelt's model", made[0].trained["auc"], "", f"of pandas + xgboost, on the same test cut: {made[0].theirs['auc']:.3f}")
