"""Rows 18 to 20: senders that change what they send, that send late, and clocks that are wrong."""

from __future__ import annotations

import datetime
import shutil
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from faults import oracle
from faults.bench import Bench, Outcome
from harness import PAID, ROOT, Json, encode, eventually
from harness import billing as accepted

NOW = datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC)


def billing(number: int, at: datetime.datetime | None = None, payload: Json | None = None) -> bytes:
    """At a time, as its contract accepts it."""
    when = (at or NOW + datetime.timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return encode(accepted(number, timestamp=when, quality_score=90, payload=PAID if payload is None else payload))


# ---- row 18 ----


class Drift(NamedTuple):
    """What the sender does, by which rule it breaks the contract, and what the contract's owner changes then."""

    payload: Callable[[Json], Json]
    rule: str | None
    correct: Callable[[str], str]
    features: tuple[str, ...] = ()  # lines of features.yaml about the column that is no more


def without(payload: Json, name: str) -> Json:
    return {key: value for key, value in payload.items() if key != name}


def replaced(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in the contract"
        return text.replace(old, new)

    return change


USED = "          - name: data_used_mb\n            logicalType: integer\n            physicalName: bss_data_used_mb\n            physicalType: INTEGER\n            required: true\n"
PLAN = "logicalType: string\n            physicalName: bss_plan\n"
PLAN_CODE = "logicalType: integer\n            physicalName: bss_plan_code\n            physicalType: INTEGER\n"  # the old column keeps its type
DRIFTS = {
    "added": Drift(lambda p: p | {"loyalty": "gold"}, None, lambda text: text),
    "missing": Drift(lambda p: without(p, "data_used_mb"), "required", replaced(USED, USED.replace("required: true", "required: false"))),
    "retyped": Drift(lambda p: p | {"plan": 17}, "type", replaced(PLAN, PLAN_CODE), ("  segments: [plan]", "column: bss_plan")),
    "renamed": Drift(lambda p: without(p, "days_overdue") | {"overdue_days": 3}, "required", replaced("- name: days_overdue", "- name: overdue_days")),
}


def drift_once(bench: Bench, name: str, number: int) -> tuple[int, int]:
    """Lost and duplicated."""
    drift, topic = DRIFTS[name], bench.topic()
    pipeline = bench.folder / f"pipeline-{number}"
    shutil.copytree(ROOT / "pipeline", pipeline)
    binary = bench.sanitized if bench.chance.random() < 0.25 else bench.binary
    smelt = bench.smelt(topic, f"drift-{number}", binary, pipeline_dir=str(pipeline))
    sent = topic.send(billing(n) for n in range(60))
    sent += topic.send(billing(n, payload=drift.payload(PAID)) for n in range(100, 140))
    smelt("ingest")
    smelt("refine")
    held = smelt.rows("SELECT DISTINCT rule FROM silver_quarantine")
    if drift.rule is None:
        assert held == [] and smelt.value("SELECT sum(events) FROM silver_drift WHERE field LIKE '%loyalty%'") == 40
    else:
        assert held == [(drift.rule,)] and smelt.value("SELECT count(*) FROM silver_quarantine") == 40, held
    contract = pipeline / "contracts/bss.odcs.yaml"
    contract.write_text(drift.correct(contract.read_text()))
    features = pipeline / "features.yaml"
    features.write_text("".join(line for line in features.read_text().splitlines(keepends=True) if not any(words in line for words in drift.features)))
    smelt("refine", "--full")
    left = {rule: count for rule, count in smelt.rows("SELECT rule, count(*) FROM silver_quarantine GROUP BY 1")}
    moved = smelt.value("SELECT count(*) FROM silver_clean_events WHERE event_id >= ?", f"{100:08x}")
    assert moved == 40, f"{name}: the corrected contract moved {moved} of 40; left: {left}"
    found = oracle.check(smelt, sent)
    return found.lost, found.duplicated


def drifting_senders(bench: Bench, most: int) -> Outcome:
    outcome = Outcome()
    for number in range(most):
        lost, duplicated = drift_once(bench, list(DRIFTS)[number % len(DRIFTS)], number)
        outcome.injected += 1
        outcome.lost += lost
        outcome.duplicated += duplicated
    return outcome


# ---- row 19 ----


def late_events(bench: Bench, most: int) -> Outcome:
    """From a minute to 90 days behind, each batch refined: Gold is what a recompute makes of it."""
    outcome = Outcome()
    while outcome.injected < most:
        topic = bench.topic()
        smelt = bench.smelt(topic, f"late-{outcome.injected}", bench.sanitized)
        sent, late, number = [], 0, 0
        for _ in range(5):
            values = []
            for _ in range(120):
                minutes = 0 if bench.chance.random() < 0.5 else 2 ** bench.chance.uniform(0, 17)  # 2^17 minutes are 91 days
                late += minutes > 0
                payload = PAID | {"data_used_mb": bench.chance.randint(0, 9999), "bill_amount_zmw": bench.chance.randint(0, 99999) / 100, "days_overdue": bench.chance.randint(0, 60)}
                values.append(billing(number, NOW + datetime.timedelta(seconds=number) - datetime.timedelta(minutes=minutes), payload))
                number += 1
            sent += topic.send(values)
            smelt("ingest")
            smelt("refine")
        outcome.count(oracle.check(smelt, sent))
        outcome.injected += 1
        outcome.note(f"{late} of {number} events were late")
    return outcome


# ---- row 20 ----


def until_year(year: int) -> int:
    return int(datetime.datetime(year, 1, 1, tzinfo=datetime.UTC).timestamp() - time.time())


DAY = 86_400
JUMPS = {
    "an hour ahead": lambda: 3600,
    "a day back": lambda: -DAY,
    "a year ahead": lambda: 365 * DAY,
    "to 1970": lambda: until_year(1970) + DAY,
    "to 2038": lambda: until_year(2038) + 19 * DAY,
    "to 9998": lambda: until_year(9998),
    "to the end of summer time": lambda: int(datetime.datetime(2026, 11, 1, 5, 59, 58, tzinfo=datetime.UTC).timestamp() - time.time()),
    "right again": lambda: 0,
}
IMPLAUSIBLE = (datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC), datetime.datetime(9999, 12, 31, tzinfo=datetime.UTC), datetime.datetime(2027, 11, 20, tzinfo=datetime.UTC))


def wrong_clocks(bench: Bench, most: int) -> Outcome:
    """The clock jumps while a process follows the topic, in a zone that has summer time; each jump brings events of no possible time."""
    outcome = Outcome()
    while outcome.injected < most:
        topic = bench.topic()
        smelt = bench.smelt(topic, f"clock-{outcome.injected}", bench.sanitized)
        smelt.env["TZ"] = "America/New_York"
        injection = bench.inject(smelt).with_clock(0)
        running = smelt.start("ingest", "--follow", **injection.env)
        sent: list[Any] = []
        for number, (name, offset) in enumerate(JUMPS.items()):
            injection.set_clock(offset())
            sent += topic.send([*(billing(number * 100 + n) for n in range(20)), *(billing(number * 100 + 50 + n, at) for n, at in enumerate(IMPLAUSIBLE))])
            eventually(f"landed after the clock went {name}", lambda: topic.committed(topic.name) == len(sent), 30)
        assert running.end().code == 0
        for name, offset in JUMPS.items():
            injection.set_clock(offset())
            smelt("refine", **injection.env)
            if name in ("to 1970", "to 9998"):
                smelt("publish", **injection.env)
        held = smelt.rows("SELECT rule, count(*) FROM silver_quarantine GROUP BY 1")
        assert held == [("implausible_time", len(JUMPS) * len(IMPLAUSIBLE))], held
        assert len(injection.fired()) >= len(JUMPS) - 1, injection.fired()
        outcome.count(oracle.check(smelt, sent))
        outcome.injected += 1
    return outcome
