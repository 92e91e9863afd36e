"""The examples, end to end, as their files say."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

from harness import ROOT, Smelt

BIKES = ROOT / "examples/bike-sharing"


def test_bike_sharing(new_smelt: Callable[..., Smelt]) -> None:
    smelt = new_smelt(kafka_bootstrap="127.0.0.1:1", pipeline_dir=str(BIKES))
    lines = subprocess.run([sys.executable, BIKES / "generate.py", "400", "20"], capture_output=True, text=True, check=True).stdout.splitlines()
    bad = [json.dumps(json.loads(lines[1]) | {"ts": 1_795_900_000_000 + n, "battery": 100 + n}) for n in (1, 2)]
    (smelt.folder / "bikes.jsonl").write_text("\n".join([*lines, *lines[:10], *bad]) + "\n")
    assert smelt("contract", "check")["envelopes"][0]["columns"]["event_id"] == "$.bike_id + $.kind + $.ts"
    steps = {step["name"]: step for step in smelt("run", "--from", "bikes.jsonl")["steps"]}
    assert {name: steps["ingest"]["summary"][name] for name in ("landed", "duplicates", "rejected")} == {"landed": 802, "duplicates": 10, "rejected": 0}
    assert (steps["refine"]["summary"]["silver"], steps["refine"]["summary"]["quarantined"]) == (800, 2)
    assert steps["publish"]["state"] == "done"
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
