"""The table of what was injected, at the end of a test run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import pytest
from faults.report import Line, table

FAULT = "fault"


@pytest.fixture
def record_fault(record_property: Callable[[str, object], None]) -> Callable[[Line], None]:
    """With the test's report, which comes from the worker to where the table is written."""
    return lambda line: record_property(FAULT, asdict(line))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for reports in terminalreporter.stats.values() for report in reports if isinstance(report, pytest.TestReport) and report.when == "call"]
    lines = [Line(**value) for report in reports for name, value in report.user_properties if name == FAULT]
    if lines:
        terminalreporter.section("faults")
        for text in table(sorted(lines, key=lambda line: line.row)):
            terminalreporter.write_line(text)
