"""The flow of deploy/prefect under a real Prefect, with the real broker: what its user sees, and that nothing is left behind."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import Broker, Smelt, Topic, events, eventually
from prefect_server import Prefect

pytestmark = pytest.mark.xdist_group("prefect")  # one server for all of them
STEPS = ["ingest", "refine", "train", "score", "publish"]
WARNING, ERROR = logging.WARNING, logging.ERROR


@pytest.fixture(scope="module")
def prefect(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    made = Prefect(tmp_path_factory.mktemp("prefect"), binary)
    try:
        made.serve()
        yield made
    finally:
        made.end()
        for left in processes(tmp_path_factory.getbasetemp()):  # by a test that failed for this
            os.kill(left, signal.SIGKILL)


def processes(folder: Path, *words: str) -> list[int]:
    """The steps over lakes in this folder, which is named on their command line, as are the words."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_text().split("\0")
        except OSError:
            continue  # ended meanwhile
        if set(words) <= set(arguments) and any(argument.startswith(f"--set=data.dir={folder}") for argument in arguments):
            found.append(int(process.name))
    return found


def is_held(smelt: Smelt) -> bool:
    """Whether somebody has the lake just now."""
    try:
        with (smelt.data / "smelt.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def stop_holder(smelt: Smelt, found: Callable[[], list[int]]) -> int:
    """Stops (SIGSTOP) the process that has the lake just now, and returns its number. `found`: who it can be."""

    def stopped() -> int | None:
        for process in found() if is_held(smelt) else []:
            os.kill(process, signal.SIGSTOP)
            if is_held(smelt):
                return process
            os.kill(process, signal.SIGCONT)  # it was about to end
        return None

    return eventually("somebody has the lake", stopped)


# ---- deployed ----


def test_deploy_and_serve_register_the_same_schedule_and_limit(prefect: Prefect) -> None:
    prefect.ask("POST", "/work_pools/", {"name": "smelt", "type": "process"})
    prefect.command("prefect", "--no-prompt", "deploy", "--all")
    for found in (prefect.deployment("scheduled"), prefect.served):
        (schedule,) = found["schedules"]
        assert schedule["active"] and schedule["schedule"]["cron"] == "*/30 * * * *"
        assert found["global_concurrency_limit"]["limit"] == 1
        assert found["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
        assert set(found["parameter_openapi_schema"]["properties"]) == {"produce", "settings", "attempts", "retry_delay", "step_seconds"}
    assert prefect.deployment("scheduled")["work_pool_name"] == "smelt"


# ---- a run ----


def test_a_run_succeeds_and_its_summary_is_a_table(prefect: Prefect, smelt: Smelt) -> None:
    run = prefect.run(smelt, produce=2000)
    assert run.ended()["name"] == "Completed", run.text()
    rows, said = run.artifact()
    assert [(row["step"], row["state"], row["attempts"]) for row in rows] == [(step, "done", 1) for step in ["produce", *STEPS]]
    by_step = {row["step"]: row for row in rows}
    audit = smelt.audit()
    assert audit["offsets"] == audit["landed"] == by_step["ingest"]["rows"] == by_step["produce"]["rows"] == 2000
    assert by_step["refine"]["rows"] == smelt.value("SELECT count(*) FROM silver_clean_events")
    assert by_step["score"]["rows"] == smelt.value("SELECT count(*) FROM subscriber_scores")
    assert "generation 1" in by_step["publish"]["details"] and "generation 1" in said
    assert all(row["seconds"] >= 0 for row in rows)
    run.wait_for_log("ingest: 2,000 landed, 0 duplicates, 0 rejected, 0 gaps")
    assert {name: task["state_type"] for name, task in run.tasks().items()} == dict.fromkeys(["produce", *STEPS], "COMPLETED")


def test_what_cannot_pass_fails_at_once(prefect: Prefect, smelt: Smelt) -> None:
    """And a young lake, with nothing to learn from yet, does not fail."""
    broken = prefect.run(smelt, settings={"lake.memory_limit": "much"})
    assert broken.ended()["type"] == "FAILED", broken.text()
    rows, said = broken.artifact()
    assert [(row["step"], row["state"], row["attempts"]) for row in rows] == [("ingest", "failed", 1)]
    assert "lake.memory_limit" in said and "lake.memory_limit" in rows[0]["details"]
    broken.wait_for_log("exit code 78", ERROR)

    young = prefect.run(smelt)
    assert young.ended()["name"] == "Completed", young.text()
    assert [(row["step"], row["state"]) for row in young.artifact()[0]] == [
        ("ingest", "done"), ("refine", "done"), ("train", "skipped"), ("score", "skipped"), ("publish", "done"),
    ]  # fmt: skip


def test_a_run_whose_kafka_is_away_tries_again_and_recovers(prefect: Prefect, broker: Broker, topic: Topic, smelt: Smelt) -> None:
    sent = topic.send(events(0, 500))
    broker.down()
    run = prefect.run(smelt, attempts=20, settings={"ingest.timeout": "1s"})
    run.wait("ingest waits for its next attempt", lambda: run.is_waiting("ingest"))
    run.wait_for_log("kafka: ", WARNING)  # live: the run goes on
    broker.start()
    assert run.ended()["name"] == "Completed", run.text()
    row = run.artifact()[0][0]
    assert row["step"] == "ingest" and row["state"] == "done" and row["attempts"] > 1 and row["rows"] == 500
    smelt.assert_holds(sent)


def test_what_could_be_read_is_published_when_something_else_could_not(prefect: Prefect, topic: Topic, smelt: Smelt) -> None:
    """As in `smelt run`: one topic that is not there holds back nothing else, and the run fails in the end."""
    topic.send(events(0, 10))
    run = prefect.run(smelt, attempts=1, settings={"kafka.topics": f"{topic.name},{topic.name}-missing", "ingest.timeout": "2s"})
    assert run.ended()["type"] == "FAILED", run.text()
    rows, said = run.artifact()
    assert [(row["step"], row["state"]) for row in rows] == [
        ("ingest", "failed"), ("refine", "done"), ("train", "skipped"), ("score", "skipped"), ("publish", "done"),
    ]  # fmt: skip
    assert rows[0]["rows"] == 10 and f"{topic.name}-missing" in rows[0]["details"] and f"{topic.name}-missing" in said
    assert "generation 1" in said
    run.wait_for_log("going on without them", ERROR)


def test_a_step_that_hangs_is_ended(prefect: Prefect, smelt: Smelt) -> None:
    run = prefect.run(smelt, step_seconds=3, settings={"kafka.bootstrap": "127.0.0.1:1"})
    assert run.ended()["type"] == "FAILED", run.text()
    rows, said = run.artifact()
    assert [(row["step"], row["state"], row["attempts"]) for row in rows] == [("ingest", "failed", 1)]
    assert "stopped after 3 s" in said
    assert not processes(smelt.data)


# ---- two at a time ----


def test_cancelling_a_run_leaves_no_child_and_the_one_that_overlapped_ends_cleanly(prefect: Prefect, topic: Topic, smelt: Smelt) -> None:
    """Its Kafka is away, so that it goes on until somebody stops it."""
    topic.send(events(0, 10))
    away = {"kafka.bootstrap": "127.0.0.1:1"}
    run = prefect.run(smelt, settings=away)
    run.wait("ingest runs", lambda: processes(smelt.data, "ingest"))
    run.wait_for_log("kafka: ", WARNING)
    overlapping = prefect.run(smelt, settings=away)
    state = overlapping.ended()
    assert state["type"] == "CANCELLED" and "concurrency limit" in state["message"], state
    assert run.state["type"] == "RUNNING" and len(processes(smelt.data, "ingest")) == 1

    run.cancel()
    assert run.ended()["type"] == "CANCELLED", run.text()
    assert not processes(smelt.data)
    assert smelt("ingest")["landed"] == 10


def test_a_killed_flow_takes_its_step_with_it(prefect: Prefect, topic: Topic, smelt: Smelt) -> None:
    """No handler runs then: the kernel tells the child."""
    run = prefect.run(smelt, settings={"kafka.bootstrap": "127.0.0.1:1"})
    (step,) = run.wait("ingest runs", lambda: processes(smelt.data, "ingest"))
    flow = int(Path(f"/proc/{step}/stat").read_text().rsplit(")", 1)[1].split()[1])
    assert flow != os.getpid()
    os.kill(flow, signal.SIGKILL)
    eventually("the step ended too", lambda: not processes(smelt.data))
    assert run.ended()["type"] == "CRASHED", run.text()


def test_a_run_that_finds_the_lake_held_to_the_end_is_skipped_not_failed(prefect: Prefect, topic: Topic, smelt: Smelt) -> None:
    topic.send(events(0, 10))
    holder = smelt.start("ingest", "--follow")
    eventually("the lake is held", lambda: topic.committed(topic.name) == 10)
    run = prefect.run(smelt, attempts=2)
    state = run.ended()
    assert (state["type"], state["name"]) == ("COMPLETED", "Skipped"), run.text()
    assert f"is held by pid {holder.process.pid}" in state["message"]
    rows, _ = run.artifact()
    assert [(row["step"], row["state"], row["attempts"]) for row in rows] == [("ingest", "skipped", 2)]
    assert holder.end().code == 0


# ---- side by side with a CronJob ----


def test_side_by_side_with_a_cronjob_nothing_is_lost_and_nobody_fails(prefect: Prefect, topic: Topic, smelt: Smelt) -> None:
    """Both schedulers on, over one lake: each comes while the other has it, and for certain, since that one was stopped just then."""
    sent = topic.send(events(0, 400))
    job = smelt.start("run")
    stop_holder(smelt, lambda: [job.process.pid])
    run = prefect.run(smelt, attempts=20)
    run.wait("the flow found the job there", lambda: run.is_waiting("ingest"))
    job.process.send_signal(signal.SIGCONT)
    assert job.wait().code == 0
    assert run.ended()["name"] == "Completed", run.text()
    assert run.artifact()[0][0]["attempts"] > 1

    sent += topic.send(events(400, 400))
    run = prefect.run(smelt, attempts=20)
    step = run.wait("the flow has the lake", lambda: stop_holder(smelt, lambda: processes(smelt.data)))
    assert smelt.run("run").code == 75
    os.kill(step, signal.SIGCONT)
    eventually("the job, begun again as its Job does after 75, is through", lambda: smelt.run("run").code == 0)
    assert run.ended()["name"] == "Completed", run.text()
    smelt.assert_holds(sent)
    assert smelt.audit()["landed"] == 800
