"""`smelt up` does several things at once: what one of them changes in the middle of another harms neither."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from faults.injection import Injection
from faults.kills import rows_of_snapshot
from harness import FREE_PORT, Api, Running, Smelt, Topic, assert_same, billing, encode, event, eventually, history, refined, serving
from test_declarations import COUNT, contract, write

BASE = "SELECT base_id FROM gold_base"
AT_ONCE = ("--set", "up.publish_interval=100ms")


def refined_events(api: Api) -> int:
    status, _, body = api.ask("/api/v1/overview")
    layers = json.loads(body)["events"] if status == 200 else {"silver": 0, "quarantined": 0}
    return layers["silver"] + layers["quarantined"]


def published(smelt: Smelt, count: str) -> int:
    return sum(json.loads(row)[count] for row in rows_of_snapshot(smelt.data))


def assert_ends_with_a_whole_snapshot(smelt: Smelt, running: Running, count: str, events: int) -> None:
    """What `up` published last has all events, in the feature `count`; and is what a full snapshot has."""
    eventually("a snapshot has all", lambda: published(smelt, count) == events)
    result = running.end()
    assert result.code == 0, result
    assert "failed" not in running.stderr, running.stderr
    if smelt.value("SELECT count(*) FROM models") > 0:
        smelt("score")  # the last publishing may have scored before the last refine
    smelt("publish")
    incremental = rows_of_snapshot(smelt.data)
    smelt("publish", "--full")
    assert incremental == rows_of_snapshot(smelt.data)
    assert smelt.audit()["ok"]


def bills(first: int, count: int, day: int) -> list[bytes]:
    return [encode(billing(n, subscriber_id=f"SUB-{n % 20:05d}", timestamp=f"2026-11-{day}T12:00:00Z")) for n in range(first, first + count)]


@pytest.mark.parametrize("call", ["open", "write", "sync"])
def test_gold_gets_another_base_while_a_snapshot_is_written(binary: Path, smelt: Smelt, topic: Topic, call: str) -> None:
    """Before it is begun, while it is filled, and after it was."""
    history(smelt, 3000, faults=0)
    for step in ("ingest", "refine", "train", "score", "publish"):
        smelt(step)
    before, base, marker = published(smelt, "total_events"), smelt.value(BASE), smelt.folder / "held"
    held = Injection(binary, smelt.folder, smelt.folder, f"on={call} file=gen-*.tmp times=0 do=hold while={marker}")
    running = smelt.start("up", *FREE_PORT, *AT_ONCE, **held.env)
    api = serving(running)
    eventually("it serves", lambda: refined_events(api) == 3000)
    marker.touch()
    days = iter(range(10, 29))
    sent = 3000
    for _ in range(4):  # the windows end at each of these days: all features are computed again
        topic.send(bills(sent, 40, next(days)))
        sent += 40
        eventually("it is refined", lambda: refined_events(api) == sent)
        eventually("a snapshot is held", held.fired)
    marker.unlink()
    assert_ends_with_a_whole_snapshot(smelt, running, "total_events", before + 160)
    assert smelt.value(BASE) != base


def test_the_declarations_change_between_two_runs_of_up(smelt: Smelt, topic: Topic) -> None:
    """The first refine of the second one gives Silver a column and makes all features anew, while it serves and publishes."""
    fields = [{"name": "x", "logicalType": "integer", "physicalName": "x"}]
    write(smelt, contract(fields))
    topic.send([encode(event(n, type="T", payload={"x": n, "y": n})) for n in range(400)])
    for step in ("ingest", "refine", "publish"):
        smelt(step)
    write(smelt, contract([*fields, {"name": "y", "logicalType": "integer", "physicalName": "y"}]), features=(COUNT, {"name": "most", "aggregate": "max", "column": "x"}))
    running = smelt.start("up", *FREE_PORT, *AT_ONCE)
    api = serving(running)
    topic.send([encode(event(n, type="T", payload={"x": n, "y": n})) for n in range(400, 500)])
    eventually("it shows", lambda: refined_events(api) == 500)
    assert api.get("/api/v1/subscribers/SUB-00001")["features"]["most"] == 486
    assert_ends_with_a_whole_snapshot(smelt, running, "n", 500)
    incremental = refined(smelt)
    smelt("refine", "--full")
    assert_same({name: rows for name, rows in incremental.items() if name.startswith("gold")}, {name: rows for name, rows in refined(smelt).items() if name.startswith("gold")})


def bills_of_all(number: int) -> list[bytes]:
    return [encode(billing(1000 * number + n, subscriber_id=f"SUB-{n:05d}", timestamp="2026-11-28T12:00:00Z")) for n in range(300)]


def row_groups(smelt: Smelt, table: str) -> int:
    return smelt.value(f"SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('{table}')")


def test_storage_is_looked_after_beside_everything_else(smelt: Smelt, topic: Topic) -> None:
    """Gold's delta becomes a new base while others are refined, each checkpoint leaves a row group, and these are merged when nothing lands."""
    topic.send([*bills_of_all(0), *bills_of_all(1)])
    for step in ("ingest", "refine"):
        smelt(step)
    base = smelt.value(BASE)
    running = smelt.start("up", *FREE_PORT, "--set", "log.level=debug", "--set", "up.checkpoint_log=64KiB")
    api = serving(running)
    for burst in range(2, 6):
        checkpoints = running.stderr.count(", checkpointed")
        for part in range(6):  # a sixth of the subscribers: less than what makes all of Gold be computed again
            topic.send(bills_of_all(burst)[50 * part : 50 * part + 50])
            eventually("it is refined", lambda sent=300 * burst + 50 * part + 50: refined_events(api) == sent)
        eventually("the log is checkpointed", lambda count=checkpoints: running.stderr.count(", checkpointed") > count)
    eventually("row groups are merged", lambda: "small row groups are merged" in running.stderr)
    assert "gold_features_base is new" in running.stderr
    assert running.end().code == 0
    assert row_groups(smelt, "bronze_raw_events") <= 2 and row_groups(smelt, "silver_clean_events") <= 2  # the log had more at the end
    assert smelt.value(BASE) != base
    assert smelt.audit()["ok"]
    incremental = refined(smelt)
    smelt("refine", "--full")
    assert_same({name: rows for name, rows in incremental.items() if name.startswith("gold")}, {name: rows for name, rows in refined(smelt).items() if name.startswith("gold")})


def metric(api: Api, name: str) -> float:
    """0: it has no sample yet."""
    _, _, body = api.ask("/metrics")
    return next((float(line.split()[1]) for line in body.decode().splitlines() if line.startswith(f"{name} ")), 0)


def waits(api: Api, seconds: float) -> bool:
    """Some event waits to be refined, all the time."""
    until = time.monotonic() + seconds
    while waiting := metric(api, "smelt_refine_pending_events") > 0:
        if time.monotonic() > until:
            break
    return waiting


def test_what_lands_is_refined_at_once_only_while_somebody_asks(smelt: Smelt, topic: Topic) -> None:
    """Probes, metrics and the status do not count as asking. The first refine does not wait, so it may have the first batches."""
    running = smelt.start("up", *FREE_PORT, "--set", "up.refine_interval=1h", "--set", "up.publish_interval=1h")
    api = serving(running)
    sent = 0
    while not waits(api, 3) and sent < 400:
        topic.send(bills(sent, 40, 10))
        sent += 40
        eventually("it landed", lambda: metric(api, 'smelt_bronze_offsets_total{fate="landed"}') == sent)
    assert api.ask("/api/v1/status")[0] == 200
    assert waits(api, 3)
    eventually("who asks gets them", lambda: refined_events(api) == sent)
    topic.send(bills(sent, 40, 11))
    eventually("and what lands from now on", lambda: refined_events(api) == sent + 40)
    assert running.end().code == 0


def test_a_refine_that_is_under_way_ends_when_up_is_stopped(smelt: Smelt, topic: Topic) -> None:
    """It finds that Gold's state is to be compacted, for which there is no path any more."""
    many = "ingest.batch_rows=100"
    smelt("produce", "--events", "15000", "--subscribers", "12000", "--days", "20", "--seed", "3")
    smelt("ingest")
    smelt("refine")
    smelt("produce", "--events", "1500", "--subscribers", "12000", "--seed", "4")
    smelt("ingest", "--set", many)
    running = smelt.start("up", *FREE_PORT, "--set", "log.level=debug")
    running.wait_for_log("gold/newest")
    result = running.end()
    assert result.code == 0, result
    assert smelt.value("SELECT compacted_sums < 0 FROM gold_state"), "it was compacted before the end"
    assert smelt.audit()["ok"]
