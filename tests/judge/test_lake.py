"""What the oracle says of each odd value of each type is what the lake has of it, after ingest and refine, batch by batch or all at once."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from harness import Smelt, assert_same, refined
from judge import generate
from judge.oracle import Oracle, Verdict

Line = dict[str, Any]
EPOCH = datetime.datetime(1970, 1, 1)
QUARANTINE = "SELECT event_id, violations::VARCHAR, rule, field, value, reason FROM silver_quarantine"


def lines(contracts: dict[str, Any]) -> Iterator[Line]:
    """In a file a message is a line: what is between two values of JSON is a blank, not a newline."""
    for number, line in enumerate(generate.all_events(generate.Chance(7), contracts)):
        yield line | {"id": str(number), "payload": line["payload"].replace("\n", " ").replace("\r", " ")}


def message(line: Line) -> str:
    head = json.dumps({"id": line["id"], "type": line["type"], "source": "s", "subscriber_id": "S", "timestamp": "2026-11-24T12:00:00Z", "quality_score": 90})
    return f'{head[:-1]},"payload":{line["payload"]}}}\n'


def feed(smelt: Smelt, some: list[Line]) -> None:
    with (smelt.folder / "feed.jsonl").open("a") as file:
        file.writelines(message(line) for line in some)
    smelt("ingest", "--from", "feed.jsonl")


def as_the_oracle_has_it(value: Any) -> Any:
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        return int(value.scaleb(-exponent)) if isinstance(exponent, int) else value
    if isinstance(value, datetime.datetime):
        return (value - EPOCH) // datetime.timedelta(microseconds=1)
    return (value - EPOCH.date()).days if isinstance(value, datetime.date) else value


def stored(smelt: Smelt, columns: int) -> dict[str, Any]:
    """By event id: the values that are not NULL, or the violations."""
    names = [f"v{i}" for i in range(columns)]
    found: dict[str, Any] = {}
    for event_id, *values in smelt.rows(f"SELECT event_id, {', '.join(names)} FROM silver_clean_events"):
        found[event_id] = {name: as_the_oracle_has_it(value) for name, value in zip(names, values, strict=True) if value is not None}
    for event_id, violations, *first in smelt.rows(QUARANTINE):
        found[event_id] = [list(v.values()) for v in json.loads(violations)] if violations else [first]
    return found


def expected(verdict: Verdict) -> Any:
    return [list(v) for v in verdict.violations] if verdict.violations else {k: v for k, v in verdict.values.items() if v is not None}


def test_the_lake_has_what_the_oracle_says(offline: Smelt) -> None:
    contracts = generate.lone_contracts()
    generate.write_pipeline(offline.folder / "pipeline", contracts)
    offline.env["SMELT_PIPELINE_DIR"] = str(offline.folder / "pipeline")
    events = list(lines(contracts))
    third = len(events) // 3
    for begin in (0, third, 2 * third):
        feed(offline, events[begin : begin + third + 300])  # some come again
        offline("refine")
    found, oracle, judged = stored(offline, len(contracts)), Oracle(contracts), 0
    for line in events:
        verdict = oracle.judge(line)
        judged += 1
        assert found.get(line["id"]) == expected(verdict), line
    assert judged == len(found) > 20_000
    incremental = refined(offline)
    offline("refine", "--full")
    assert_same(incremental, refined(offline))
