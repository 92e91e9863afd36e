"""What is said of Smelt's image, by tools/test-kubernetes, which built it (SMELT_IMAGE)."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

IMAGE = os.environ.get("SMELT_IMAGE", "")
LOCKED = ("--rm", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges:true", "--network=none")


def run(*arguments: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", "run", *LOCKED, *options, IMAGE, *arguments], capture_output=True, text=True, timeout=60)


def test_the_image_is_small_not_root_and_knows_its_health() -> None:
    (image,) = json.loads(subprocess.run(["docker", "image", "inspect", IMAGE], check=True, capture_output=True, text=True).stdout)
    assert image["Size"] < 200_000_000
    assert image["Config"]["User"] == "65532:65532"
    assert image["Config"]["Healthcheck"]["Test"][:3] == ["CMD", "smelt", "status"]


@pytest.mark.parametrize("program", ["sh", "bash", "dash", "busybox", "apt", "perl"])
def test_there_is_no_other_program(program: str) -> None:
    assert run(options=("--entrypoint", program)).returncode == 127


def test_all_libraries_are_there_with_a_read_only_root() -> None:
    """The whole pipeline from a file, into a lake on a volume that begins empty: DuckDB and XGBoost are opened."""
    volume = f"smelt-test-{os.getpid()}"
    here = ("--volume", f"{volume}:/data")
    try:
        assert run("produce", "--days=30", "--subscribers=300", "--events=20000", "--out=/data/events.jsonl", options=here).returncode == 0
        done = run("run", "--json", "--train", "--from=/data/events.jsonl", options=here)
        assert done.returncode == 0, done.stderr
        steps = json.loads(done.stdout.splitlines()[-1])["steps"]
        assert {step["name"]: step["state"] for step in steps} == dict.fromkeys(("ingest", "refine", "train", "score", "publish"), "done")
        scored = run("sql", "SELECT count(*) > 200 AS many FROM gold_subscriber_features WHERE churn_probability IS NOT NULL", options=here)
        assert scored.stdout.strip() == '{"many":true}', scored.stderr
    finally:
        subprocess.run(["docker", "volume", "rm", "--force", volume], check=False, capture_output=True)
