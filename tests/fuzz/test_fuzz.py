"""Each fuzzer for a short while; `make fuzz` goes on for longer. What it finds is left in build/fuzz/found/."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from harness import ROOT

FOLDER = ROOT / "build/fuzz/tests/fuzz"
FOUND = ROOT / "build/fuzz/found"
SECONDS = int(os.environ.get("FUZZ_SECONDS", "10"))


@pytest.mark.timeout(SECONDS + 120)
@pytest.mark.parametrize("name", ["avro", "envelope", "paths", "contract", "request", "http", "cursor", "mark", "judge"])
def test_nothing_that_strangers_send_breaks_it(name: str) -> None:
    program, grown = FOLDER / f"fuzz_{name}", FOUND / f"corpus-{name}"
    assert program.exists(), f"{program} is not there: run tools/build fuzz"
    grown.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={SECONDS}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={FOUND}/{name}-"]
    done = subprocess.run([program, *options, grown, Path(__file__).parent / "corpus" / name], capture_output=True, text=True, errors="replace")
    print(done.stderr[-4000:])
    assert done.returncode == 0, f"what broke it is in {FOUND}: run {program} on it"
    runs = next(int(line.split()[1]) for line in done.stderr.splitlines() if line.startswith("stat::number_of_executed_units"))
    assert runs > 1000, f"it hardly ran: {runs} inputs in {SECONDS} s"
