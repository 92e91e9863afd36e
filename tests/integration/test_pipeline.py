"""The whole way: Kafka to Bronze, Silver, Gold, model, snapshot, API; by single commands, by `run` and by `up`."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable

import pytest
from harness import Api, Running, Smelt, Topic, assert_same, encode, event, events, eventually, refined, serving

FREE_PORT = ("--set", "http.listen=127.0.0.1:0")


def history(smelt: Smelt, count: int = 15_000, days: int = 40) -> None:
    done = smelt("produce", "--seed", "5", "--start", "2026-10-01", "--days", str(days), "--subscribers", "150", "--events", str(count), "--faults", "0.02")
    assert done["acknowledged"] == count


def test_from_produce_to_one_subscriber_by_the_api(smelt: Smelt) -> None:
    history(smelt)
    ingested = smelt("ingest")
    assert ingested["landed"] + ingested["duplicates"] + ingested["rejected"] == 15_000
    assert smelt.audit()["offsets"] == 15_000
    done = smelt("refine")
    assert done["silver"] + done["quarantined"] == ingested["landed"]
    incremental = refined(smelt)
    smelt("refine", "--full")
    assert_same(incremental, refined(smelt))
    trained = smelt("train")
    assert 0.5 < trained["auc"] <= 1 and trained["rows"] > 50
    scored = smelt("score")
    published = smelt("publish")
    assert published["generation"] == 1 and published["bytes"] > 0
    assert scored["scored"] == len(incremental["gold_subscriber_features"])
    gold = {row["subscriber_id"]: row for row in map(json.loads, incremental["gold_subscriber_features"])}

    running = smelt.start("serve", *FREE_PORT)
    api = serving(running)
    assert api.get("/livez")["status"] == "alive" and api.get("/readyz")["generation"] == 1
    overview = api.get("/api/v1/overview")
    assert overview["events"]["bronze"] == ingested["landed"] and overview["events"]["silver"] == done["silver"]
    assert overview["subscribers"]["total"] == overview["subscribers"]["scored"] == len(gold)
    page = api.get("/api/v1/subscribers?limit=5")
    assert page["total"] == len(gold) and len(page["items"]) == 5
    risks = [item["churn_probability"] for item in page["items"]]
    assert risks == sorted(risks, reverse=True)
    for subscriber in random.sample(sorted(gold), 5):
        answer = api.get(f"/api/v1/subscribers/{subscriber}")
        assert 0 <= answer["risk"]["churn_probability"] <= 1 and answer["risk"]["reasons"]
        assert {"subscriber_id": subscriber} | answer["features"] == gold[subscriber]
    code, kind, body = api.ask("/api/v1/subscribers/nobody")
    assert (code, kind, json.loads(body)["status"]) == (404, "application/problem+json", 404)
    code, kind, body = api.ask("/metrics")
    assert (code, kind) == (200, "text/plain") and b"smelt_build_info" in body
    code, kind, body = api.ask("/")
    assert (code, kind) == (200, "text/html") and b"<html" in body
    assert running.end().code == 0


def test_serve_follows_a_new_generation_without_a_failed_request(smelt: Smelt, topic: Topic) -> None:
    history(smelt, 3000)
    for command in ("ingest", "refine", "publish"):
        smelt(command)
    running = smelt.start("serve", *FREE_PORT)
    api = serving(running)
    seen = set()
    for generation in (2, 3):
        smelt("publish")
        until = time.monotonic() + 15
        while generation not in seen:
            assert time.monotonic() < until, f"generation {generation} never served: {seen}"
            seen.add(api.get("/api/v1/overview")["generation"])
    assert seen <= {1, 2, 3}
    assert running.end().code == 0


def test_serve_before_the_first_snapshot_is_alive_but_not_ready(smelt: Smelt, topic: Topic) -> None:
    running = smelt.start("serve", *FREE_PORT)
    api = serving(running)
    assert api.get("/livez")["status"] == "alive"
    assert api.ask("/readyz")[0] == 503
    history(smelt, 1000)
    smelt("run")
    eventually("ready after the first run", lambda: api.ask("/readyz")[0] == 200)
    assert running.end().code == 0


def test_run_does_every_step_and_keeps_history(smelt: Smelt) -> None:
    history(smelt)
    first = smelt("run")
    assert first["state"] == "done"
    assert [(step["name"], step["state"]) for step in first["steps"]] == [
        ("ingest", "done"), ("refine", "done"), ("train", "done"), ("score", "done"), ("publish", "done"),
    ]  # fmt: skip
    second = smelt("run")
    assert {step["name"]: step["state"] for step in second["steps"]}["train"] == "skipped"
    assert second["steps"][0]["summary"]["landed"] == 0 and second["run_id"] != first["run_id"]
    assert smelt.rows("SELECT run_id, state FROM runs ORDER BY started_at") == [(first["run_id"], "done"), (second["run_id"], "done")]
    assert smelt.value("SELECT count(*) FROM run_steps") == 10
    running = smelt.start("serve", *FREE_PORT)
    assert [run["run_id"] for run in serving(running).get("/api/v1/runs")["runs"]][0] in (first["run_id"], second["run_id"])
    assert running.end().code == 0


def test_a_scheduler_trains_and_scores_as_run_does(smelt: Smelt, topic: Topic) -> None:
    """Too little data, no model yet and a model that is new enough are errors for a user, and no errors with --scheduled."""
    topic.send(events(0, 10))
    smelt("ingest")
    smelt("refine")
    for command in ("train", "score"):
        smelt(command, code=65)
        young = smelt(command, "--scheduled")
        assert young["model"] is None and young["skipped"]
    history(smelt)
    smelt("ingest")
    smelt("refine")
    trained = smelt("train", "--scheduled")
    assert smelt("score", "--scheduled")["model"] == trained["model"]
    again = smelt("train", "--scheduled")
    assert again["model"] is None and "new enough" in again["skipped"]
    assert smelt("train")["model"] != trained["model"]


def test_a_second_run_is_refused_and_harms_nothing(smelt: Smelt, topic: Topic) -> None:
    sent = topic.send(events(0, 500))
    running = smelt.start("ingest", "--follow")
    eventually("the lake is held", lambda: topic.committed(topic.name) == 500)
    result = smelt.run("run")
    assert result.code == 75 and str(running.process.pid) in result.error
    assert running.end().code == 0
    smelt.audit()
    smelt.assert_holds(sent)


def test_run_without_kafka_ends_with_69_and_says_so_in_its_history(offline: Smelt) -> None:
    result = offline.run("run", "--set", "ingest.timeout=1s", "--set", "run.attempts=2", "--set", "run.backoff=100ms")
    assert result.code == 69 and "127.0.0.1:1" in result.error
    (state, error) = offline.rows("SELECT state, error FROM runs")[0]
    assert state == "failed" and "127.0.0.1:1" in error
    assert offline.rows("SELECT name, state, attempts FROM run_steps ORDER BY position")[0] == ("ingest", "failed", 2)


def end_soon(running: Running) -> None:
    assert running.end(seconds=15).code == 0


def test_up_shows_new_events_within_2_s(smelt: Smelt, topic: Topic) -> None:
    history(smelt, 3000)
    running = smelt.start("up", *FREE_PORT, "--set", "up.publish_interval=2s")
    api = serving(running)
    before = eventually("the history is there", lambda: events_in(api, "silver", 2500), 60)
    numbers = range(900_000, 900_040)
    fresh = [encode(event(n, type="BSS", source="ZM_CRM", subscriber_id="SUB-777777", timestamp=f"2026-11-10T10:{n % 60:02d}:00Z", payload=PAID)) for n in numbers]
    topic.send(fresh)
    began = time.monotonic()
    eventually("the new events show", lambda: api.ask("/api/v1/subscribers/SUB-777777")[0] == 200, 10)
    assert time.monotonic() - began < 4  # about a second; the sanitized binary on a busy machine is allowed more
    eventually("all of them", lambda: api.get("/api/v1/subscribers/SUB-777777")["features"]["total_events"] == 40)
    assert events_in(api, "silver", before + 40)
    eventually("a snapshot was published", (smelt.data / "snapshots/CURRENT").exists, 30)
    assert smelt.run("run").code == 75
    end_soon(running)
    smelt.audit()
    published = smelt.rows("SELECT DISTINCT position, name FROM run_steps ORDER BY ALL")
    assert published == [(2, "train"), (3, "score"), (4, "publish")]  # ingest and refine never pause, and are no steps of a run
    incremental = refined(smelt)
    smelt("refine", "--full")
    assert_same(incremental, refined(smelt))


PAID = {"plan": "Prepaid Lite", "data_used_mb": 100, "bill_amount_zmw": 10.5, "payment_status": "paid", "days_overdue": 0}


def events_in(api: Api, layer: str, at_least: int) -> int:
    status, _, body = api.ask("/api/v1/overview")
    found = json.loads(body)["events"][layer] if status == 200 else 0
    return found if found >= at_least else 0


def test_up_survives_a_broker_restart_and_kill_9(smelt: Smelt, topic: Topic) -> None:
    sent = topic.send(events(0, 1000))
    running = smelt.start("up", *FREE_PORT)
    eventually("landed", lambda: topic.committed(topic.name) == 1000, 30)
    topic.broker.kill()
    assert serving(running).get("/livez")
    topic.broker.start()
    sent += topic.send(events(1000, 200))
    eventually("landed after the restart", lambda: topic.committed(topic.name) == 1200, 40)
    assert running.kill()
    sent += topic.send(events(1200, 100))
    again = smelt.start("up", *FREE_PORT)
    eventually("landed after the kill", lambda: topic.committed(topic.name) == 1300, 40)
    end_soon(again)
    smelt.audit()
    smelt.assert_holds(sent)


def test_sql_reads_and_nothing_else(smelt: Smelt) -> None:
    history(smelt, 2000)
    smelt("run")
    assert smelt("sql", "SELECT 6 * 7 AS answer")["rows"] == [{"answer": 42}]
    for query in ("DROP TABLE gold_subscriber_features", "SELECT * FROM read_text('/etc/passwd')", "COPY gold_subscriber_features TO 'x.csv'",
                  "SELECT 1) AS q; SET lock_configuration = false; SELECT (1", "SELECT nothing"):  # fmt: skip
        result = smelt.run("sql", query)
        assert result.code not in (0, 70) and "root:" not in result.stdout, query
    assert "SELECT" in smelt("sql", "--show", "silver")["sql"]


@pytest.mark.parametrize("part", ["all", "no kafka"])
def test_status_says_what_works(new_smelt: Callable[..., Smelt], topic: Topic, part: str) -> None:
    smelt = new_smelt(topic)
    history(smelt, 2000)
    smelt("run")
    running = smelt.start("serve", *FREE_PORT)
    address = serving(running).url.removeprefix("http://")
    if part == "all":
        result = smelt.run("status", "--set", f"http.listen={address}")
    else:
        result = smelt.run("status", "--set", f"http.listen={address}", "--set", "kafka.bootstrap=127.0.0.1:1")
    states = {component["name"]: component["state"] for component in result.summary["components"]}
    assert states["kafka"] == ("ok" if part == "all" else "down")
    assert states["lake"] == "ok" and states["api"] == "ok" and states["snapshot"] == "ok"
    assert (result.code == 0) == (result.summary["state"] == "ok")
    if part != "all":
        assert result.code == 69
    assert running.end().code == 0


def test_status_forgives_what_is_late_and_not_what_is_down(offline: Smelt, smelt: Smelt) -> None:
    history(smelt, 2000)
    smelt("run")
    smelt("produce", "--events", "100")
    late = ("status", "--ignore", "api", "--set", "status.fresh_within=0s")  # events wait in Kafka
    assert smelt.run(*late).code == 1
    assert smelt.run(*late, "--allow-degraded").code == 0
    assert offline.run("status", "--allow-degraded").code == 69
