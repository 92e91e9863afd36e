"""Pipelines of one's own: what they may leave out, what is said about them, and all of their mistakes at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from harness import Json, Smelt

ENVELOPE = {"id": "event_id", "type": "event_type", "source": "source_system", "subscriber_id": "subscriber_id", "timestamp": "event_timestamp", "quality_score": "quality_score"}
LOGICAL = {"timestamp": "timestamp", "quality_score": "integer"}
COUNT = {"name": "n", "aggregate": "count"}


def contract(properties: Sequence[Json], name: str = "T", **more: object) -> Json:
    envelope = [{"name": key, "logicalType": LOGICAL.get(key, "string"), "physicalName": column, "required": True} for key, column in ENVELOPE.items()]
    payload = {"name": "payload", "logicalType": "object", "physicalName": "raw_payload", "required": True, "properties": list(properties)}
    head: Json = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": name.lower(), "version": "1.0.0", "status": "active"}
    return head | {"schema": [{"name": name, "properties": [*envelope, payload]}]} | more


def write(smelt: Smelt, *contracts: Json, features: Sequence[Json] = (COUNT,)) -> Path:
    """The pipeline of the lake: the contracts a.odcs.yaml, b.odcs.yaml, ... and the features."""
    folder = smelt.folder / "pipeline"
    (folder / "contracts").mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(contracts):
        (folder / f"contracts/{'abcdef'[number]}.odcs.yaml").write_text(yaml.safe_dump(one, sort_keys=False))
    (folder / "features.yaml").write_text(yaml.safe_dump({"version": 1, "minimum_events": 1, "features": list(features)}, sort_keys=False))
    smelt.env["SMELT_PIPELINE_DIR"] = str(folder)
    return folder


def send(smelt: Smelt, *payloads: Json) -> None:
    first = len(list(smelt.folder.glob("in-*.jsonl"))) * 1000
    file = smelt.folder / f"in-{first}.jsonl"
    lines = [
        {"id": str(first + n), "type": "T", "source": "s", "subscriber_id": f"a{n}", "timestamp": f"2026-11-20T10:00:{n % 60:02d}Z", "quality_score": 90, "payload": payload}
        for n, payload in enumerate(payloads)
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    assert smelt("ingest", "--from", file)["landed"] == len(payloads)


# ---- without a label ----


def test_a_pipeline_without_a_label_runs_and_publishes(offline: Smelt) -> None:
    write(offline, contract([{"name": "v", "logicalType": "integer", "physicalName": "v"}]))
    send(offline, *({"v": n} for n in range(50)))
    (file,) = offline.folder.glob("in-*.jsonl")
    done = offline("run", "--from", file)
    states = {step["name"]: step["state"] for step in done["steps"]}
    assert done["state"] == "done" and states == {"ingest": "done", "refine": "done", "train": "skipped", "score": "skipped", "publish": "done"}
    assert "churn_label" in next(step for step in done["steps"] if step["name"] == "train")["summary"]["skipped"]
    model = next(part for part in offline.run("status").summary["components"] if part["name"] == "model")
    assert model["state"] == "ok" and "no label" in model["detail"]
    assert "no model was trained" in offline.run("train").error
    assert offline("train", "--scheduled")["model"] is None
