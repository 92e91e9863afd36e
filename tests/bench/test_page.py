"""bench/measure/page.py: the page about other programs says where Smelt loses, and writing it again changes nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT

ABOUT = {"cores": 2, "processor": "x", "memory_gib": 1, "kernel": "y", "date": "2026-01-01", "load_before": 0}


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    monkeypatch.delitem(sys.modules, "measure", raising=False)
    from measure import page as module

    return module


def found(**theirs: float) -> dict[str, Any]:
    return {"task": "refine", "program": "other", "smelt": {"seconds": 2.0, "cpu": 2.0, "mib": 100.0}, "theirs": theirs}


def test_every_cost_that_is_lower_is_a_loss(page: Any) -> None:
    lines = page.losses([found(seconds=4.0, cpu=1.0, mib=50.0, bytes=3.0)]).splitlines()
    assert lines == ["- refine, CPU: other needs 1.00 s, Smelt 2.00 s: 2.00 times as much.", "- refine, memory: other needs 50 MiB, Smelt 100 MiB: 2.00 times as much."]
    assert page.losses([found(seconds=4.0)]) == "In nothing that was measured in this run."


def test_the_section_is_replaced_and_the_rest_stays(page: Any, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    file = tmp_path / "benchmarks.md"
    file.write_text("# Benchmarks\nabove\n\n## Results\nbelow\n")
    rows = [{"beside": None}, {"beside": found(seconds=1.0, mib=200.0)}]
    page.record(str(tmp_path), rows, ABOUT, "bench/run")
    once = file.read_text()
    assert once.startswith("# Benchmarks\nabove\n") and once.endswith("\n## Results\nbelow\n")
    assert "| refine | **Smelt** | 2.00 s | 2.00 s | 100 MiB |  |" in once
    assert "|  | other | 1.00 s (0.50) |  | 200 MiB (2.00) |  |" in once
    assert (tmp_path / "images/peers.svg").exists()
    page.record(str(tmp_path), rows, ABOUT, "bench/run")
    assert file.read_text() == once
