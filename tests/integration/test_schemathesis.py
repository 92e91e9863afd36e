"""The API against its own description: Schemathesis makes requests from /openapi.json, valid and invalid ones, and checks that each answer is one
that the description allows; in each state that a lake can be in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import FREE_PORT, ROOT, Api, Running, Smelt, eventually, filled, serving

HERE = Path(__file__).parent
CARDS = ROOT / "examples/card-payments"
PLAIN = ROOT / "build/release/smelt"  # without sanitizers, which cost most of the time; one state has them


def fill_with_payments(smelt: Smelt) -> Smelt:
    with (smelt.folder / "payments.jsonl").open("w") as out:
        subprocess.run([sys.executable, CARDS / "generate.py", "200", "20"], stdout=out, check=True)
    assert {step["state"] for step in smelt("run", "--from", "payments.jsonl")["steps"]} <= {"done", "skipped"}
    return smelt


def overwrite(snapshots: Path) -> None:
    """A third of each file, as a disk does it."""
    for path in snapshots.glob("gen-*.duckdb"):
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.seek(size // 3)
            file.write(os.urandom(size // 3))


def serve(smelt: Smelt, command: str = "serve") -> tuple[Running, Api, str]:
    token = smelt("token", "create", "tester", "--scopes", "admin")["token"]
    running = smelt.start(command, *FREE_PORT)
    return running, serving(running), token


REFUSED = [400, 401, 403, 404, 405, 406, 409, 413, 414, 415]  # 413, 414: longer than any content or address may be


WRITES = ("post_runs", "post_models_id_promote", "post_quarantine_replay")  # each has an end; hundreds of them would be a storm


def configuration(is_ready: bool, more: str = "") -> str:
    """All checks are on. A server that has nothing to serve says so, to whatever it is asked."""
    unready = [] if is_ready else [503]
    return f"""
[checks.negative_data_rejection]
expected-statuses = {REFUSED + unready}
[checks.not_a_server_error]
expected-statuses = {["2xx", "3xx", "4xx", *unready]}
{more}"""


# The stream has no end, so its answer is not whole in time: test_stream.py.
def run_schemathesis(api: Api, token: str, folder: Path, phases: str, config: str, which: list[str]) -> None:
    (folder / "schemathesis.toml").write_text(config)
    command = [Path(sys.executable).with_name("schemathesis"), "--config-file", folder / "schemathesis.toml", "run", f"{api.url}/openapi.json"]
    command += ["-H", f"Authorization: Bearer {token}", "-H", "Smelt-Request: yes", "--checks", "all", "--phases", phases, "-n", "5", "--seed", "1"]
    command += ["--suppress-health-check", "all", "--warnings", "off", *which]
    env = os.environ | {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(HERE)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{done.stdout[-8000:]}\n{done.stderr[-2000:]}"
    assert " passed" in done.stdout, done.stdout


@pytest.mark.parametrize("state", ["live", "snapshot", "empty", "no model", "foreign pipeline", "damaged"])
def test_every_answer_is_as_described(state: str, new_smelt: Callable[..., Smelt]) -> None:
    pipeline = {"pipeline_dir": str(CARDS)} if state == "foreign pipeline" else {}
    smelt = new_smelt(kafka_bootstrap="127.0.0.1:1", **pipeline)
    if state != "no model":
        assert PLAIN.exists(), f"{PLAIN} is not there: run tools/build release"
        smelt.binary = PLAIN
    if state == "foreign pipeline":
        fill_with_payments(smelt)
    elif state != "empty":
        filled(smelt, 1500, ("refine", "publish") if state == "no model" else ("refine", "train", "score", "publish"))
    if state == "damaged":
        overwrite(smelt.data / "snapshots")
    running, api, token = serve(smelt, "up" if state == "live" else "serve")
    phases = "coverage,fuzzing,stateful" if state in ("live", "snapshot") else "coverage,fuzzing"
    is_ready = state not in ("empty", "damaged")
    eventually("the server answers", lambda: [api.ask(path)[0] for path in ("/livez", "/readyz")] == [200, 200 if is_ready else 503])
    others = ["--exclude-path", "/api/v1/stream", *(word for name in WRITES for word in ("--exclude-operation-id", name))]
    run_schemathesis(api, token, smelt.folder, phases, configuration(is_ready), others)
    assert running.end(seconds=20).code in (0, 75)


def test_writes_are_as_described(new_smelt: Callable[..., Smelt]) -> None:
    """Without Kafka the first run that is begun goes on to the end of the test, and the others are refused: nothing is done a hundred times."""
    smelt = filled(new_smelt(kafka_bootstrap="127.0.0.1:1"), 200)
    running, api, token = serve(smelt)
    accepted = '[checks.positive_data_acceptance]\nexpected-statuses = ["2xx", 409, 422]\n'
    run_schemathesis(api, token, smelt.folder, "coverage", configuration(True, accepted), [word for name in WRITES for word in ("--include-operation-id", name)])
    assert running.end(seconds=20).code == 0
