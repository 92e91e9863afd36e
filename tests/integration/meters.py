"""Events of electricity meters (tests/pipelines/meters): features of every type, and ids that are numbers or look like them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from harness import ROOT, Json, Smelt

OFFLINE = {"kafka_bootstrap": "127.0.0.1:1", "pipeline_dir": str(ROOT / "tests/pipelines/meters")}
METERS = ["-5", "007", "7", "+260971234567", "=1+1", "a-1", "b-2", "c-3", "d-4", "e-5", "Ünï"]
START = datetime(2024, 2, 28, 23, 59, 59, tzinfo=UTC)


def reading(n: int) -> Json:
    seen = START + timedelta(hours=n % 4, microseconds=n % 2)
    optional: Json = {"tariff": ["day", "night", "ä", "day"][n % 4], "open": n % 2 == 0, "seen": seen.isoformat(), "built": f"{2020 + n % 5}-02-28"} if n != 5 else {}
    return {"at": 1709164799 + n, "number": METERS[n], "kwh": n * 1.5 - 3, "loss": (-1) ** n * n / 1000, "serial": 2**53 + n, "district": [-4, 1, 2, 30][n % 4]} | optional


def fill(smelt: Smelt) -> None:
    """A reading of each, from years ago."""
    (smelt.folder / "readings.jsonl").write_text("".join(json.dumps(reading(n)) + "\n" for n in range(len(METERS))))
    for step in (("ingest", "--from", "readings.jsonl"), ("refine",), ("publish",)):
        smelt(*step)
