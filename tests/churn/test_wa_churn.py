"""The model on real customers (wa_churn), from messages of a pipeline that is not ours, beside Python's xgboost."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import resource
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from churn import customers
from churn.customers import Operator, auc, oracle
from harness import FREE_PORT, ROOT, Json, Smelt, Topic, eventually, serving

PIPELINE = ROOT / "tests/pipelines/customers"


@pytest.fixture
def new_lake(new_smelt: Callable[..., Smelt]) -> Callable[..., Smelt]:
    return lambda **settings: new_smelt(**({"kafka_bootstrap": "127.0.0.1:1", "pipeline_dir": str(PIPELINE), "model_rounds": "100"} | settings))


def from_file(smelt: Smelt, operator: Operator) -> None:
    """Each line begins with its time of arrival, a second after the event."""
    with (smelt.folder / "statements.jsonl").open("wb") as out:
        for at, message in operator.messages():
            out.write(b"%d\t%s\n" % (int(at.timestamp() * 1000) + 1000, message))
    smelt("ingest", "--from", "statements.jsonl")


def trained(smelt: Smelt, operator: Operator) -> Json:
    operator.write_departures(smelt.folder / "departures.csv")
    smelt("refine")
    found = smelt("train", "--force")
    assert found["model"], found
    return found


def metadata_of(smelt: Smelt, model: str) -> Path:
    return smelt.data / "models" / f"{model}.meta.json"


def exported(smelt: Smelt) -> list[dict[str, str]]:
    smelt("model", "set", "--out", "set.csv")
    with (smelt.folder / "set.csv").open() as file:
        return list(csv.DictReader(file))


def of_python(operator: Operator, smelt: Smelt, model: str) -> dict[int, float]:
    """The log-odds by xgboost on the table as it is, trained on the same customers."""
    (smelt.folder / "parts.json").write_text(json.dumps(operator.parts()))
    found = json.loads(oracle("direct", customers.wa_churn(), smelt.folder / "parts.json", metadata_of(smelt, model)))
    return {int(row): value for row, value in found.items()}


def compare(operator: Operator, smelt: Smelt, model: str) -> None:
    """The customers are in the parts they were made for, their labels are the data's, and both rank the test equally well."""
    rows, theirs = exported(smelt), of_python(operator, smelt, model)
    parts = {customers.name_of(number): (number, part) for number, part in operator.parts().items() if part != "today"}
    assert {row["id"]: row["part"] for row in rows} == {name: part for name, (_, part) in parts.items()}
    assert all(bool(int(row["label"])) == operator.left[parts[row["id"]][0]] for row in rows)
    test = [row for row in rows if row["part"] == "test"]
    labels = [row["label"] == "1" for row in test]
    smelts = auc(labels, [float(row["probability"]) for row in test])
    pythons = auc(labels, [theirs[parts[row["id"]][0]] for row in test])
    print(f"{len(test)} in the test: AUC {smelts:.4f}, of Python's xgboost {pythons:.4f}")
    assert abs(smelts - pythons) <= 0.01 and smelts > 0.8


@pytest.mark.parametrize("seed", range(3))
def test_it_ranks_real_customers_as_pythons_xgboost_does(new_lake: Callable[..., Smelt], seed: int) -> None:
    smelt, operator = new_lake(), customers.operator(seed)
    from_file(smelt, operator)
    compare(operator, smelt, trained(smelt, operator)["model"])


def test_from_a_topic_to_the_score_of_each_customer(new_lake: Callable[..., Smelt], topic: Topic) -> None:
    """The statements are sent now, long after they happened. Those of the last fortnight are scored; who of them left, the table does not tell."""
    operator = customers.operator(4)
    smelt = new_lake(kafka_bootstrap=topic.broker.address, kafka_topic=topic.name, kafka_group_id=topic.name)
    topic.send([message for _, message in operator.messages()])
    smelt("ingest")
    found = trained(smelt, operator)
    compare(operator, smelt, found["model"])
    today = {customers.name_of(number): operator.left[number] for number, part in operator.parts().items() if part == "today"}
    assert smelt("score")["scored"] == len(today)
    scores = dict(smelt.rows("SELECT entity_id, churn_probability FROM entity_scores"))
    reached = auc([today[name] for name in scores], scores.values())
    assert scores.keys() == today.keys() and abs(reached - found["auc"]) < 0.04, reached
    explained = """SELECT max(abs(log_odds - reasons_bias - reasons_rest - list_sum(list_transform(from_json(reasons, '[{"contribution": "DOUBLE"}]'), r -> r.contribution))))
        FROM entity_scores"""
    assert smelt.value(explained) <= 1e-4
    assert_segments(smelt, operator, found["model"])


def assert_segments(smelt: Smelt, operator: Operator, model: str) -> None:
    """The contract of each customer of the test is the data's; the API and the card have the same groups."""
    smelt("publish")
    running = smelt.start("serve", *FREE_PORT)
    groups = serving(running).get(f"/api/v1/models/{model}")["report"]["segments"]["contract"]
    assert running.end().code == 0
    test = [number for number, part in operator.parts().items() if part == "test"]
    contracts = Counter(customers.customers()[number]["contract"] for number in test)
    left = Counter(customers.customers()[number]["contract"] for number in test if operator.left[number])
    assert [(group["value"], group["rows"]) for group in groups] == contracts.most_common()
    assert all(group["positives"] == left[group["value"]] and group["values"] == 1 for group in groups)
    assert smelt("model", "show")["report"]["segments"]["contract"] == groups
    smelt("model", "card", "--out", "card.md")
    card = (smelt.folder / "card.md").read_text()
    assert "by contract" in card and re.search(rf"Month-to-month +{contracts['Month-to-month']} ", card)


# ---- the same trees ----


def assert_same_trees(smelt: Smelt, model: str) -> None:
    """Trained on the set by Python's xgboost: not one bit of a log-odds differs."""
    smelts = [float(row["log_odds"]) for row in exported(smelt)]
    pythons = json.loads(oracle("set", smelt.folder / "set.csv", metadata_of(smelt, model)))
    assert len(set(smelts)) > 100 and smelts == pythons


def test_pythons_xgboost_makes_the_same_trees_of_the_set(new_lake: Callable[..., Smelt]) -> None:
    smelt, operator = new_lake(), customers.operator(5)
    from_file(smelt, operator)
    assert_same_trees(smelt, trained(smelt, operator)["model"])


def test_pythons_xgboost_makes_the_same_trees_of_subscribers(offline: Smelt) -> None:
    """Of the pipeline that Smelt comes with: 77 columns, many without a value."""
    options = {"behaviour": "credible", "seed": "9", "start": "2026-03-01", "days": "125", "subscribers": "2000", "events": "60000"}
    offline("produce", *(word for name, value in options.items() for word in (f"--{name}", value)), "--out", "e.jsonl", "--departures", "left.csv")
    offline("ingest", "--from", "e.jsonl")
    offline("refine")
    assert_same_trees(offline, offline("train", "--label", "left.csv", "--force", "--set", "model.rounds=60", "--set", "model.seed=7")["model"])


# ---- what must not happen ----


def scores(smelt: Smelt) -> list[tuple[object, ...]]:
    return smelt.rows("SELECT entity_id, churn_probability, model_id FROM entity_scores ORDER BY 1")


def children_seconds() -> float:
    """Of the processor, by processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cpu_seconds(process: int) -> float:
    """Of the processor; a process that has ended has used enough."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    except FileNotFoundError:
        return math.inf
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_shuffled_labels_teach_nothing(new_lake: Callable[..., Smelt]) -> None:
    """Half of the customers are in the test: the standard error of the AUC is below 0.011."""
    smelt, operator = new_lake(), customers.operator(6, shares=(2, 2, 2, 2, 1, 10, 1), shuffled=True)
    from_file(smelt, operator)
    reached = trained(smelt, operator)["auc"]
    print(f"AUC {reached:.4f}")
    assert 0.47 <= reached <= 0.53


def test_a_killed_training_leaves_the_model_in_use(new_lake: Callable[..., Smelt]) -> None:
    """Killed after parts of the time that a training takes of the processor. One that had stored its model and was about to end has a whole one."""
    smelt, operator = new_lake(), customers.operator(7)
    from_file(smelt, operator)
    used = trained(smelt, operator)["model"]
    smelt("score")
    before, began = scores(smelt), children_seconds()
    usual = new_lake(name="usual")
    shutil.copytree(smelt.data, usual.data)
    shutil.copy(smelt.folder / "departures.csv", usual.folder)
    usual("train", "--force")
    took, stayed = children_seconds() - began, 0
    for part in range(1, 10, 2):
        running = smelt.start("train", "--force")
        eventually("its part of the work done", lambda part=part, running=running: not running.is_running() or cpu_seconds(running.process.pid) > took * part / 10, 240)
        running.kill()
        shown = smelt("model", "show")  # it checks the files
        stayed += shown["model_id"] == used
        used = shown["model_id"]
        assert shown["report"] and scores(smelt) == before
    assert stayed >= 3
    assert smelt("train", "--force")["model"] > used
    assert smelt("score")["scored"] == len(before)
