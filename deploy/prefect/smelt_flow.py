"""Smelt's pipeline as a Prefect flow: the steps of `smelt run`, one task per step.

`python smelt_flow.py` serves it on one machine; `prefect deploy` registers it for a work pool (prefect.yaml). docs/prefect.md describes both.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import Any

from prefect import State, Task, flow, get_run_logger, runtime, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, TaskRun
from prefect.states import Completed
from prefect.tasks import exponential_backoff
from smelt_process import Json, run

SCHEDULE = "*/30 * * * *"
ONE_AT_A_TIME = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)

BUSY = 75
TEMPORARY = (69, BUSY)  # a service is unreachable; another process holds the lake lock

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


@dataclass(frozen=True)
class Step:
    """A subcommand, the key of its summary that counts rows, and a sentence about its summary."""

    name: str
    rows: str
    sentence: str
    arguments: tuple[str, ...] = ()


# --scheduled: skips a step that is not due or not possible yet, as in `smelt run`
STEPS = (
    Step("ingest", "landed", "{landed:,} landed, {duplicates:,} duplicates, {rejected:,} rejected, {gaps:,} gaps"),
    Step("refine", "silver", "{silver:,} into Silver, {quarantined:,} into quarantine, {subscribers:,} subscribers"),
    Step("train", "rows", "{model}, AUC {auc:.4f}", ("--scheduled",)),
    Step("score", "scored", "{scored:,} of {subscribers:,}: {high:,} high, {medium:,} medium, {low:,} low risk", ("--scheduled",)),
    Step("publish", "", "generation {generation}, {bytes:,} bytes"),
)


def produce_step(events: int) -> Step:
    return Step("produce", "acknowledged", "{acknowledged:,} synthetic events", ("--events", str(events)))


class StepFailed(Exception):
    """A step that ended with a nonzero exit code, with the summary that it printed."""

    def __init__(self, step: str, code: int, summary: Json, attempts: int) -> None:
        super().__init__(step, code, summary, attempts)  # all arguments, so that Prefect can pickle it
        self.step, self.code, self.summary, self.attempts = step, code, summary, attempts
        self.message: str = summary.get("error", {}).get("message", "see its log")

    def __str__(self) -> str:
        return f"smelt {self.step} ended with exit code {self.code}: {self.message}"


# ---- one step ----


def log_line(logger: Any, line: str) -> None:
    """Logs a line of smelt's log at its level; logs a line that is not JSON (a crash) unchanged, as an error."""
    try:
        entry = json.loads(line)
        logger.log(LEVELS[entry["level"]], "%s: %s", entry["component"], entry["message"])
    except (ValueError, TypeError, KeyError):
        logger.error("%s", line)


def is_temporary(_task: Task[..., Any], _run: TaskRun, state: State) -> bool:
    problem = state.result(raise_on_failure=False)
    return isinstance(problem, StepFailed) and problem.code in TEMPORARY


@task(cache_policy=NO_CACHE, persist_result=False, retry_condition_fn=is_temporary)
def smelt(step: str, arguments: list[str], seconds: float) -> Json:
    """Runs one subcommand to its end; returns its summary, with the number of attempts."""
    logger = get_run_logger()
    attempts = runtime.task_run.run_count
    code, summary = run([step, *arguments], lambda line: log_line(logger, line), seconds)
    if code != 0:
        raise StepFailed(step, code, summary, attempts)
    return summary | {"attempts": attempts}


# ---- the run ----


@dataclass
class Report:
    """The table of the artifact: a row for each step that was started."""

    rows: list[Json] = field(default_factory=list)

    def add(self, step: Step, state: str, attempts: int, details: str, rows: Any = "", seconds: float | None = None) -> None:
        took = "" if seconds is None else round(seconds, 2)
        self.rows.append({"step": step.name, "state": state, "attempts": attempts, "rows": rows, "seconds": took, "details": details})

    def add_done(self, step: Step, summary: Json) -> str:
        """Adds a row for a successful or skipped step; returns its sentence."""
        skipped = summary.get("skipped")
        details = skipped or step.sentence.format_map(summary)
        rows = "" if skipped else summary.get(step.rows, "")
        self.add(step, "skipped" if skipped else "done", summary["attempts"], details, rows, summary.get("seconds"))
        return details

    def publish(self, verdict: str) -> None:
        create_table_artifact(key="smelt-run", table=self.rows, description=verdict)


def run_step(step: Step, settings: dict[str, str], attempts: int, retry_delay: float, seconds: float) -> Json:
    options = {"name": step.name, "task_run_name": step.name, "retries": max(attempts - 1, 0), "retry_delay_seconds": exponential_backoff(retry_delay)}
    sets = [f"--set={key}={value}" for key, value in settings.items()]
    return smelt.with_options(**options)(step.name, [*step.arguments, *sets], seconds)


@flow(name="smelt")
def pipeline(produce: int = 0, settings: dict[str, str] | None = None, attempts: int = 4, retry_delay: float = 15, step_seconds: float = 3600) -> State:
    """Runs ingest, refine, train when due, score and publish; the artifact smelt-run has the summary.

    Args:
        produce: Number of synthetic events to send first.
        settings: Settings of smelt for this run, as for --set. All users of Prefect can see them: put secrets into the environment.
        attempts: Attempts of a step that fails for a temporary reason: Kafka is unreachable, or another process holds the lake lock.
        retry_delay: Seconds before the second attempt; doubles with each.
        step_seconds: A step that takes longer is stopped and fails. Runs that become due meanwhile are cancelled.
    """
    logger = get_run_logger()
    report = Report()
    unread: StepFailed | None = None
    for step in ([produce_step(produce)] if produce > 0 else []) + list(STEPS):
        try:
            summary = run_step(step, settings or {}, attempts, retry_delay, step_seconds)
        except StepFailed as failure:
            busy = failure.code == BUSY
            report.add(step, "skipped" if busy else "failed", failure.attempts, failure.message, failure.summary.get(step.rows, ""))
            if step.rows in failure.summary:  # of ingest: the other partitions and topics were read; the rest goes on, as in `smelt run`
                logger.error("%s; going on without them", failure)
                unread = failure
                continue
            report.publish(f"Stopped at {step.name}: {failure.message}")
            if busy:  # the holder is doing the same work; a failed run would be a false alarm
                return Completed(name="Skipped", message=failure.message)
            raise
        logger.info("%s: %s", step.name, report.add_done(step, summary))
    verdict = f"Published {report.rows[-1]['details']}"
    report.publish(f"{verdict}. Not all was read: {unread.message}" if unread else verdict)
    if unread:
        raise unread
    return Completed(message=verdict)


if __name__ == "__main__":
    pipeline.serve(name="served", cron=SCHEDULE, global_limit=ONE_AT_A_TIME, pause_on_shutdown=False)
