"""The table of what was injected, at the end of a test run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from faults.report import Line, table

LINES = pytest.StashKey[list[Line]]()


@pytest.fixture
def record_fault(pytestconfig: pytest.Config) -> Callable[[Line], None]:
    return pytestconfig.stash.setdefault(LINES, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash.get(LINES, [])
    if lines:
        terminalreporter.section("faults")
        for text in table(lines):
            terminalreporter.write_line(text)
