"""The examples, end to end, as their files say."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import duckdb
from harness import ROOT, Smelt

BIKES = ROOT / "examples/bike-sharing"


SCORES = {"churn_probability", "risk_band", "reasons", "model_id", "scored_at"}


def columns_of(smelt: Smelt, view: str) -> set[str]:
    """In the newest snapshot and in what is exported for other tools."""
    (newest,) = sorted((smelt.data / "snapshots").glob("gen-*.duckdb"))[-1:]
    smelt("publish", "--parquet", smelt.folder / "parquet")
    with duckdb.connect(str(newest), read_only=True) as conn:
        found = {row[0] for row in conn.execute(f"DESCRIBE {view}").fetchall()}
    assert {row[0] for row in duckdb.sql(f"DESCRIBE SELECT * FROM '{smelt.folder / 'parquet' / view}.parquet'").fetchall()} == found
    return found


def test_telecom_keeps_its_scores(new_smelt: Callable[..., Smelt]) -> None:
    smelt = new_smelt(kafka_bootstrap="127.0.0.1:1")
    smelt("produce", "--seed", "7", "--events", "300", "--subscribers", "20", "--start", "2026-10-01", "--days", "30", "--out", smelt.folder / "e.jsonl")
    for words in (["ingest", "--from", smelt.folder / "e.jsonl"], ["refine"], ["publish"]):
        smelt(*words)
    assert columns_of(smelt, "gold_subscriber_features") > SCORES


def test_bike_sharing(new_smelt: Callable[..., Smelt]) -> None:
    smelt = new_smelt(kafka_bootstrap="127.0.0.1:1", pipeline_dir=str(BIKES))
    lines = subprocess.run([sys.executable, BIKES / "generate.py", "400", "20"], capture_output=True, text=True, check=True).stdout.splitlines()
    bad = [json.dumps(json.loads(lines[1]) | {"ts": 1_795_900_000_000 + n, "battery": 100 + n}) for n in (1, 2)]
    (smelt.folder / "bikes.jsonl").write_text("\n".join([*lines, *lines[:10], *bad]) + "\n")
    columns = smelt("contract", "check")["envelopes"][0]["columns"]
    assert columns["event_id"] == "$.bike_id + $.kind + $.ts" and columns["bike_id"] == "$.bike_id" and "subscriber_id" not in columns
    assert "  bike_id          from $.bike_id\n" in smelt.run("contract", "check", json_summary=False).stdout
    steps = {step["name"]: step for step in smelt("run", "--from", "bikes.jsonl")["steps"]}
    assert {name: steps["ingest"]["summary"][name] for name in ("landed", "duplicates", "rejected")} == {"landed": 802, "duplicates": 10, "rejected": 0}
    assert (steps["refine"]["summary"]["silver"], steps["refine"]["summary"]["quarantined"]) == (800, 2)
    assert steps["publish"]["state"] == "done"
    assert not SCORES & columns_of(smelt, "gold_bike_features") and "bike_id" in columns_of(smelt, "gold_bike_features")
    docked = [ride for ride in map(json.loads, lines) if ride["kind"] == "docked"]
    (found,) = smelt.rows("SELECT count(*), sum(battery_pct), sum(fee)::DOUBLE FROM silver_clean_events WHERE event_type = 'docked'")
    assert found == (400, sum(ride["battery"] for ride in docked), round(sum(ride["fee"] for ride in docked), 2))
    assert smelt.rows("SELECT DISTINCT rule, field FROM silver_quarantine") == [("range", "battery")]


def test_card_payments(new_smelt: Callable[..., Smelt]) -> None:
    """CloudEvents; a broken one is in quarantine, an unknown channel only counted; Gold of cards and of merchants is what the events say."""
    folder = ROOT / "examples/card-payments"
    smelt = new_smelt(kafka_bootstrap="127.0.0.1:1", pipeline_dir=str(folder))
    lines = subprocess.run([sys.executable, folder / "generate.py", "600", "40"], capture_output=True, text=True, check=True).stdout.splitlines()
    payments = [json.loads(line) for line in lines]
    odd = [payments[0] | {"id": f"odd-{n}", "data": payments[0]["data"] | change} for n, change in enumerate(({"currency": "eur"}, {"channel": "fax"}))]
    (smelt.folder / "payments.jsonl").write_text("\n".join([*lines, *lines[:5], *map(json.dumps, odd)]) + "\n")
    steps = {step["name"]: step for step in smelt("run", "--from", "payments.jsonl")["steps"]}
    assert (steps["ingest"]["summary"]["landed"], steps["ingest"]["summary"]["duplicates"]) == (602, 5)
    assert (steps["refine"]["summary"]["silver"], steps["refine"]["summary"]["quarantined"]) == (601, 1)
    assert smelt.rows("SELECT DISTINCT rule, field FROM silver_quarantine") == [("pattern", "currency")]
    assert smelt.value("SELECT failed FROM quality_state WHERE rule = 'known_channel' AND event_type = ?", odd[1]["type"]) == 1
    counted = [*payments, odd[1]]
    agreed = [payment for payment in counted if payment["type"] == "payment.authorized"]
    spent: dict[str, float] = {}
    for payment in agreed:
        spent[payment["subject"]] = spent.get(payment["subject"], 0) + payment["data"]["amount"]
    found = dict(smelt.rows("SELECT card_id, spent::DOUBLE FROM gold_card_features WHERE spent IS NOT NULL"))
    assert found == {card: round(total, 2) for card, total in spent.items()}
    assert smelt.value("SELECT sum(payments) FROM gold_merchant_features") == len(agreed)
