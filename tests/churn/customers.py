"""wa_churn as messages. Each customer belongs to one fortnight: three statements in it, and those who left did so in the fortnight after. So the beginning of
each fortnight is a cut with customers of its own, as if they had signed up, paid and left one after the other."""

from __future__ import annotations

import csv
import functools
import json
import os
import random
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
FIRST = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = 14
PARTS = ("training", "training", "training", "training", "calibration", "test", "today")  # by fortnight; those of the last one are scored
Customer = Mapping[str, Any]


def oracle(*arguments: str | Path) -> str:
    """What oracle.py prints."""
    command = [Path(os.environ["CHURN_VENV"]) / "bin/python", FOLDER / "oracle.py", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def wa_churn() -> Path:
    return Path(os.environ["WA_CHURN"])


@functools.cache
def customers() -> list[Customer]:
    return [json.loads(line) for line in oracle("customers", wa_churn()).splitlines()]


def statement(number: int, customer: Customer, at: datetime) -> dict[str, Any]:
    booleans = {"female": "female", "senior": "senior_citizen", "partner": "partner", "dependents": "dependents", "phone": "phone_service", "paperless": "paperless_billing"}
    texts = {"contract": "contract", "payment": "payment_method", "internet": "internet_service", "lines": "multiple_lines", "security": "online_security", "backup": "online_backup"}
    texts |= {"protection": "device_protection", "support": "tech_support", "tv": "streaming_tv", "movies": "streaming_movies"}
    numbers = ("tenure", "monthly_charges", "total_charges")
    message: dict[str, Any] = {"customer": name_of(number), "kind": "statement", "ts": int(at.timestamp() * 1000)}
    message |= {name: bool(customer[column]) for name, column in booleans.items()}
    return message | {name: customer[column] for name, column in texts.items()} | {name: customer[name] for name in numbers}


def name_of(number: int) -> str:
    return f"C-{number:04}"


@dataclass(frozen=True)
class Operator:
    """The customers in their fortnights; who left is as in the data, or shuffled among all."""

    fortnights: list[list[int]]
    left: list[bool]

    def messages(self) -> Iterable[tuple[datetime, bytes]]:
        """In the order of time. Days are equally full, so that the last one counts as complete."""
        made = []
        for fortnight, members in enumerate(self.fortnights):
            for place, number in enumerate(members):
                for nth in range(3):
                    at = FIRST + timedelta(days=fortnight * DAYS + (3 * place + nth) % DAYS, seconds=20 * place)
                    made.append((at, json.dumps(statement(number, customers()[number], at), separators=(",", ":")).encode()))
        return sorted(made)

    def write_departures(self, file: Path) -> None:
        with file.open("w") as out:
            rows = csv.writer(out)
            rows.writerow(["customer_id", "left_at"])
            for fortnight, members in enumerate(self.fortnights):
                cut = FIRST + timedelta(days=(fortnight + 1) * DAYS)
                rows.writerows([name_of(number), (cut + timedelta(days=place % DAYS, hours=1)).isoformat()] for place, number in enumerate(members) if self.left[number])

    def parts(self) -> dict[int, str]:
        return {number: PARTS[fortnight] for fortnight, members in enumerate(self.fortnights) for number in members}


def operator(seed: int, shares: tuple[int, ...] = (2, 2, 2, 2, 1, 3, 2), shuffled: bool = False) -> Operator:
    """`shares`: of the customers, by fortnight."""
    dice = random.Random(seed)
    left = [customer["churn"] == "Yes" for customer in customers()]
    if shuffled:
        dice.shuffle(left)
    order = list(range(len(left)))
    dice.shuffle(order)
    ends = [len(order) * sum(shares[: n + 1]) // sum(shares) for n in range(len(shares))]
    return Operator([order[begin:end] for begin, end in zip([0, *ends], ends, strict=False)], left)


def auc(labels: Iterable[bool], scores: Iterable[float]) -> float:
    """The share of pairs that are in the right order; a tie counts half."""
    ranked = sorted(zip(scores, labels, strict=True))
    positives = sum(label for _, label in ranked)
    total, at = 0.0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        total += (at + 1 + end) / 2 * sum(label for _, label in ranked[at:end])
        at = end
    return (total - positives * (positives + 1) / 2) / (positives * (len(ranked) - positives))
