"""The whole way: Kafka to Bronze, Silver, Gold, model, snapshot, API; by single commands, by `run` and by `up`."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.injection import Injection
from harness import FREE_PORT, Api, Running, Smelt, Stopwatch, Topic, assert_same, billing, encode, events, eventually, filled, history, refined, serving


def test_from_produce_to_one_subscriber_by_the_api(smelt: Smelt) -> None:
    history(smelt, 15_000)
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
    eventually("the rows are in memory", lambda: api.ask("/readyz")[0] == 200)
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
        eventually(f"generation {generation} is served", lambda: seen.add(served := api.get("/api/v1/overview")["generation"]) or served == generation)
    assert {2, 3} <= seen <= {1, 2, 3}
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
    history(smelt, 15_000)
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
    short = "SELECT count(*) FROM runs JOIN run_steps USING (run_id) WHERE epoch(finished_at) - epoch(run_steps.started_at) < run_steps.seconds - 0.001"
    assert smelt.value(short) == 0, "a run that ended before a step of it"
    running = smelt.start("serve", *FREE_PORT)
    runs = serving(running).get("/api/v1/runs")["runs"]
    assert [(run["run_id"], run["state"]) for run in runs] == [(second["run_id"], "done"), (first["run_id"], "done")]
    assert running.end().code == 0


def test_no_generation_has_a_number_twice_though_the_folder_of_snapshots_is_gone(new_smelt: Callable[..., Smelt]) -> None:
    smelt = filled(new_smelt(kafka_bootstrap="127.0.0.1:1"), 300)
    assert smelt("publish", "--full")["generation"] == 2
    shutil.rmtree(smelt.data / "snapshots")
    assert smelt("publish")["generation"] == 3
    assert smelt.rows("SELECT generation FROM history ORDER BY ALL") == [(1,), (2,), (3,)], "the numbers of the earlier ones are kept"


def test_a_scheduler_trains_and_scores_as_run_does(smelt: Smelt, topic: Topic) -> None:
    """Too little data, no model yet and a model that is new enough are errors for a user, and no errors with --scheduled."""
    topic.send(events(0, 10))
    smelt("ingest")
    smelt("refine")
    for command in ("train", "score"):
        smelt(command, code=65)
        young = smelt(command, "--scheduled")
        assert young["model"] is None and young["skipped"]
    history(smelt, 15_000)
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
    before = eventually("the history is there", lambda: events_in(api, "silver", 2500))
    took = [seconds_to_show(running, api, topic, f"SUB-77777{n}", 900_000 + 100 * n) for n in range(3)]
    assert min(took) < 2, took  # the best, since Kafka may have had no processor
    eventually("all of them", lambda: events_in(api, "silver", before + 120))
    eventually("a snapshot was published", (smelt.data / "snapshots/CURRENT").exists)
    assert smelt.run("run").code == 75
    end_soon(running)
    smelt.audit()
    published = smelt.rows("SELECT DISTINCT position, name FROM run_steps ORDER BY ALL")
    assert published == [(2, "train"), (3, "score"), (4, "publish")]  # ingest and refine never pause, and are no steps of a run
    incremental = refined(smelt)
    smelt("refine", "--full")
    assert_same(incremental, refined(smelt))


def seconds_to_show(running: Running, api: Api, topic: Topic, subscriber: str, first: int) -> float:
    """From the acknowledgement of 40 events of a new subscriber to an answer of the API with all of them."""
    page = f"/api/v1/subscribers/{subscriber}"
    topic.send(encode(billing(n, subscriber_id=subscriber, timestamp=f"2026-11-10T10:{n % 60:02d}:00Z")) for n in range(first, first + 40))
    watch = Stopwatch(running.process.pid)
    eventually("the new events show", lambda: api.ask(page)[0] == 200 and api.get(page)["features"]["total_events"] == 40)
    return watch.seconds()


def refined_events(api: Api) -> int:
    status, _, body = api.ask("/api/v1/overview")
    layers = json.loads(body)["events"] if status == 200 else {"silver": 0, "quarantined": 0}
    return layers["silver"] + layers["quarantined"]


def events_in(api: Api, layer: str, at_least: int) -> int:
    status, _, body = api.ask("/api/v1/overview")
    found = json.loads(body)["events"][layer] if status == 200 else 0
    return found if found >= at_least else 0


HELD = {  # what holds a path of `up`: the file that it writes, and how it comes to that
    "publishing": ("gen-*.tmp", ("--set", "up.publish_interval=100ms")),
    "a backup": ("segment-*.tmp", ("--set", "backup.dir={folder}/backup", "--set", "backup.interval=0s")),
}


@pytest.mark.parametrize("what", HELD)
def test_landing_waits_for_no_other_work_of_up(binary: Path, smelt: Smelt, topic: Topic, what: str) -> None:
    pattern, options = HELD[what]
    marker = smelt.folder / "held"
    held = Injection(binary, smelt.folder, smelt.folder, f"on=write file={pattern} times=0 do=hold while={marker}")
    sent = topic.send(events(0, 400))
    smelt("ingest")
    smelt("refine")
    running = smelt.start("up", *FREE_PORT, *(option.format(folder=smelt.folder) for option in options), **held.env)
    api = serving(running)
    eventually("the API answers", lambda: api.ask("/api/v1/overview")[0] == 200)
    marker.touch()
    while not held.fired():
        sent += topic.send(events(len(sent), 100))
        eventually("it lands", lambda: topic.committed(topic.name) == len(sent))
    before = len(sent)
    for _ in range(3):
        sent += topic.send(events(len(sent), 100))
        eventually("it lands", lambda: topic.committed(topic.name) == len(sent))
    eventually("it shows", lambda: refined_events(api) >= before + 200)
    marker.unlink()
    eventually("it shows", lambda: refined_events(api) == len(sent))
    end_soon(running)
    smelt.audit()
    smelt.assert_holds(sent)


def test_up_survives_a_broker_restart_and_kill_9(smelt: Smelt, topic: Topic) -> None:
    sent = topic.send(events(0, 1000))
    running = smelt.start("up", *FREE_PORT)
    eventually("landed", lambda: topic.committed(topic.name) == 1000)
    topic.broker.kill()
    assert serving(running).get("/livez")
    topic.broker.start()
    sent += topic.send(events(1000, 200))
    eventually("landed after the restart", lambda: topic.committed(topic.name) == 1200)
    assert running.kill()
    sent += topic.send(events(1200, 100))
    again = smelt.start("up", *FREE_PORT)
    eventually("landed after the kill", lambda: topic.committed(topic.name) == 1300)
    end_soon(again)
    smelt.audit()
    smelt.assert_holds(sent)


def test_sql_reads_and_nothing_else(smelt: Smelt) -> None:
    history(smelt, 2000)
    smelt("run")
    assert smelt("sql", "SELECT 6 * 7 AS answer")["rows"] == [{"answer": 42}]
    for query, (code, reason) in REFUSED.items():
        result = smelt.run("sql", query)
        assert result.code == code and reason in result.error and "root:" not in result.stdout, (query, result)
    assert not (smelt.folder / "x.csv").exists()
    assert smelt("sql", "SELECT count(*) > 100 AS many FROM gold_subscriber_features")["rows"] == [{"many": True}]
    assert "SELECT" in smelt("sql", "--show", "silver")["sql"]


REFUSED = {  # by SQL that only reads: exit code, and why
    "DROP TABLE gold_subscriber_features": (64, "DROP is no query"),
    "SELECT * FROM read_text('/etc/passwd')": (64, "file system operations are disabled"),
    "COPY gold_subscriber_features TO 'x.csv'": (64, "COPY is no query"),
    "SELECT 1) AS q; SET lock_configuration = false; SELECT (1": (65, "multiple statements"),
    "SELECT nothing": (64, '"nothing" was not found'),
}


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
    assert (result.code, result.summary["state"]) == ((0, "ok") if part == "all" else (69, "down"))
    assert running.end().code == 0


def test_status_forgives_what_is_late_and_not_what_is_down(offline: Smelt, smelt: Smelt) -> None:
    history(smelt, 2000)
    smelt("run")
    smelt("produce", "--events", "100")
    late = ("status", "--ignore", "api", "--set", "status.fresh_within=0s")  # events wait in Kafka
    assert smelt.run(*late).code == 1
    assert smelt.run(*late, "--allow-degraded").code == 0
    assert offline.run("status", "--allow-degraded").code == 69
