"""A real Prefect for the tests: its server, `python smelt_flow.py` that serves the flow, and the REST API that its user interface stands on."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from harness import ROOT, Json, Smelt, clean_environment, eventually, free_port

FLOW = ROOT / "deploy/prefect"
START_SECONDS = 300  # Python and the migrations of a database, on a machine that has other things to do
RUN_SECONDS = 90
FINAL = {"COMPLETED", "FAILED", "CANCELLED", "CRASHED"}
NO_NETWORK = "http://127.0.0.1:1"  # as the proxy: what would leave this machine fails


def environment(home: Path, api: str, binary: Path) -> dict[str, str]:
    venv = Path(os.environ["PREFECT_VENV"])
    return clean_environment() | {
        "PATH": f"{venv / 'bin'}:{os.environ['PATH']}",
        "SMELT": str(binary),
        "SMELT_DATA_DIR": str(home / "unused"),
        "SMELT_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "SMELT_FLOW_DIR": str(FLOW),
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        "DO_NOT_TRACK": "1",
        "HTTP_PROXY": NO_NETWORK,
        "HTTPS_PROXY": NO_NETWORK,
        "NO_PROXY": "127.0.0.1",
    }


class Prefect:
    """Server and runner. A run gets its own lake and topic by the flow's parameter `settings`."""

    def __init__(self, folder: Path, binary: Path) -> None:
        self.folder = folder
        port = free_port()
        self.api = f"http://127.0.0.1:{port}/api"
        self.env = environment(folder, self.api, binary)
        self.started: list[subprocess.Popen[bytes]] = []
        self.start("prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
        try:
            eventually("Prefect's server is up", self.is_up, START_SECONDS)
        except AssertionError as late:
            self.end()
            raise AssertionError(f"{late}; its log: {self.log('prefect')}") from late

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{command[0]}.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=FLOW, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.started.append(process)
        return process

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def command(self, *command: str) -> str:
        done = subprocess.run(command, cwd=FLOW, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=START_SECONDS)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def end(self) -> None:
        """The runner before the server that it talks to."""
        for process in reversed(self.started):
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    # ---- the API ----

    def is_up(self) -> bool:
        assert all(process.poll() is None for process in self.started), self.log("prefect")
        try:
            return self.ask("GET", "/health") is True
        except OSError:
            return False

    def ask(self, method: str, path: str, body: Json | None = None) -> Any:
        """503: its SQLite was locked, which Prefect's own client takes as a reason to ask again."""
        data = None if body is None else json.dumps(body).encode()
        for _ in range(100):
            request = urllib.request.Request(self.api + path, data, {"content-type": "application/json"}, method=method)
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as problem:
                if problem.code != 503:
                    raise AssertionError(f"{method} {path}: {problem.code} {problem.read()!r}") from problem
                time.sleep(0.1)
        raise AssertionError(f"{method} {path}: 503 for 10 s")

    def of_run(self, what: str, identity: str) -> list[Json]:
        """logs, artifacts."""
        return self.ask("POST", f"/{what}/filter", {what: {"flow_run_id": {"any_": [identity]}}})

    def deployment(self, name: str) -> Json:
        return self.ask("GET", f"/deployments/name/smelt/{name}")

    def is_deployed(self, name: str) -> bool:
        asked = {"deployments": {"name": {"any_": [name]}}}
        return bool(self.ask("POST", "/deployments/filter", asked))

    # ---- runs ----

    def serve(self) -> None:
        """The schedule is real, and is paused so that no run of it comes between ours."""
        self.start("python", "smelt_flow.py")
        eventually(f"the flow is served: {self.log('python')}", lambda: self.is_deployed("served"), START_SECONDS)
        self.served = self.deployment("served")
        self.ask("POST", f"/deployments/{self.served['id']}/pause_deployment")

    def run(self, smelt: Smelt, **parameters: Any) -> FlowRun:
        assert smelt.topic is not None
        settings = {
            "data.dir": str(smelt.data),
            "kafka.bootstrap": smelt.topic.broker.address,
            "kafka.topic": smelt.topic.name,
            "kafka.group.id": smelt.topic.name,
        } | parameters.pop("settings", {})
        asked = {"parameters": {"settings": settings, "retry_delay": 1} | parameters, "state": {"type": "SCHEDULED"}}
        return FlowRun(self, self.ask("POST", f"/deployments/{self.served['id']}/create_flow_run", asked)["id"])


class FlowRun:
    def __init__(self, prefect: Prefect, identity: str) -> None:
        self.prefect, self.id = prefect, identity

    @property
    def state(self) -> Json:
        return self.prefect.ask("GET", f"/flow_runs/{self.id}")["state"]

    def wait(self, what: str, check: Any, seconds: float = RUN_SECONDS) -> Any:
        try:
            return eventually(what, check, seconds)
        except AssertionError as problem:
            raise AssertionError(f"{problem}: {self.state}\n{self.text()}\n{self.prefect.log('python')[-3000:]}") from None

    def ended(self, seconds: float = RUN_SECONDS) -> Json:
        """Its last state."""
        return self.wait("the flow run ended", lambda: (state := self.state)["type"] in FINAL and state, seconds)

    def cancel(self) -> None:
        self.prefect.ask("POST", f"/flow_runs/{self.id}/set_state", {"state": {"type": "CANCELLING"}})

    def tasks(self) -> dict[str, Json]:
        asked = {"flow_runs": {"id": {"any_": [self.id]}}}
        return {task["name"]: task for task in self.prefect.ask("POST", "/task_runs/filter", asked)}

    def is_waiting(self, task: str) -> bool:
        """Between two attempts."""
        found = self.tasks().get(task)
        return found is not None and found["state_name"] == "AwaitingRetry"

    def logs(self) -> list[tuple[int, str]]:
        return [(line["level"], line["message"]) for line in self.prefect.of_run("logs", self.id)]

    def text(self) -> str:
        return "\n".join(f"{level} {message}" for level, message in self.logs())

    def wait_for_log(self, text: str, level: int = 0) -> None:
        """Its log arrives in batches, the last one a little after the end."""
        self.wait(f"'{text}' in its log", lambda: any(text in message and level <= n for n, message in self.logs()))

    def artifact(self) -> tuple[list[Json], str]:
        """The rows of its table, and what is said of them."""
        (found,) = [artifact for artifact in self.prefect.of_run("artifacts", self.id) if artifact["key"] == "smelt-run"]
        assert found["type"] == "table"
        return json.loads(found["data"]), found["description"]
