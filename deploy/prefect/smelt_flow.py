"""Smelt's pipeline as a Prefect flow: what `smelt run` does, with each step a task of its own.

`python smelt_flow.py` serves it on one machine; `prefect deploy` registers it for a work pool (prefect.yaml). docs/prefect.md tells both.
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
MAY_PASS = (69, BUSY)  # a service is unreachable; another process holds the lake lock

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


@dataclass(frozen=True)
class Step:
    """A subcommand, and how its summary reads: which key counts its rows, and a sentence."""

    name: str
    rows: str
    sentence: str
    arguments: tuple[str, ...] = ()


# --scheduled: what is not due, or not possible yet, is passed over, as in `smelt run`
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
    """A step that ended with another exit code than 0."""

    def __init__(self, step: str, code: int, message: str, attempts: int) -> None:
        super().__init__(step, code, message, attempts)  # as they came: Prefect may pickle it
        self.step, self.code, self.message, self.attempts = step, code, message, attempts

    def __str__(self) -> str:
        return f"smelt {self.step} ended with exit code {self.code}: {self.message}"


# ---- one step ----


def log_line(logger: Any, line: str) -> None:
    """A line of smelt's log, at its level; a line that is not JSON (a crash) is passed through unchanged."""
    try:
        entry = json.loads(line)
        logger.log(LEVELS[entry["level"]], "%s: %s", entry["component"], entry["message"])
    except (ValueError, TypeError, KeyError):
        logger.error("%s", line)


def may_pass(_task: Task[..., Any], _run: TaskRun, state: State) -> bool:
    problem = state.result(raise_on_failure=False)
    return isinstance(problem, StepFailed) and problem.code in MAY_PASS


@task(cache_policy=NO_CACHE, persist_result=False, retry_condition_fn=may_pass)
def smelt(step: str, arguments: list[str], seconds: float) -> Json:
    """Runs one subcommand to its end; returns its summary, with the number of attempts."""
    logger = get_run_logger()
    attempts = runtime.task_run.run_count
    code, summary = run([step, *arguments], lambda line: log_line(logger, line), seconds)
    if code != 0:
        raise StepFailed(step, code, summary.get("error", {}).get("message", "its log says why"), attempts)
    return summary | {"attempts": attempts}


# ---- the run ----


@dataclass
class Report:
    """What the artifact shows: a row for each step that was begun."""

    rows: list[Json] = field(default_factory=list)

    def add(self, step: Step, state: str, attempts: int, details: str, rows: Any = "", seconds: float | None = None) -> None:
        took = "" if seconds is None else round(seconds, 2)
        self.rows.append({"step": step.name, "state": state, "attempts": attempts, "rows": rows, "seconds": took, "details": details})

    def add_done(self, step: Step, summary: Json) -> str:
        """Returns the sentence."""
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
    """Ingest, refine, train when due, score, publish; the summary is the artifact smelt-run.

    Args:
        produce: First send so many synthetic events.
        settings: Settings of smelt for this run, as for --set. Secrets belong into the environment: everybody sees these.
        attempts: How often a step is tried whose failure may pass: Kafka is unreachable, or another process holds the lake lock.
        retry_delay: Seconds before the second attempt; doubles with each.
        step_seconds: A step that takes longer is ended and has failed: runs that come meanwhile are cancelled.
    """
    logger = get_run_logger()
    report = Report()
    for step in ([produce_step(produce)] if produce > 0 else []) + list(STEPS):
        try:
            summary = run_step(step, settings or {}, attempts, retry_delay, step_seconds)
        except StepFailed as failure:
            busy = failure.code == BUSY
            report.add(step, "skipped" if busy else "failed", failure.attempts, failure.message)
            report.publish(f"Ended at {step.name}: {failure.message}")
            if busy:  # the holder is doing the same work; a failed run would be a false alarm
                return Completed(name="Skipped", message=failure.message)
            raise
        logger.info("%s: %s", step.name, report.add_done(step, summary))
    verdict = f"Published {report.rows[-1]['details']}"
    report.publish(verdict)
    return Completed(message=verdict)


if __name__ == "__main__":
    pipeline.serve(name="served", cron=SCHEDULE, global_limit=ONE_AT_A_TIME, pause_on_shutdown=False)
