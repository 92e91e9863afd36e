"""Contracts with hundreds of fields: DuckDB needs memory for each column of Silver, however few rows there are."""

from __future__ import annotations

import pytest
from harness import Smelt
from test_declarations import contract, send, write


def wide(smelt: Smelt, columns: int) -> None:
    write(smelt, contract([{"name": f"f{n}", "logicalType": "integer"} for n in range(columns)]))


@pytest.mark.parametrize("columns", [400, 900])
def test_a_wide_table_gets_the_memory_that_it_needs(offline: Smelt, columns: int) -> None:
    wide(offline, columns)
    for number in range(3):
        send(offline, {"f1": number})
        offline("refine")
    assert offline.rows(f"SELECT f1, f{columns - 1} FROM silver_clean_events ORDER BY 1") == [(0, None), (1, None), (2, None)]
    offline("publish")
    assert offline("audit")["ok"]


def test_what_was_written_with_more_memory_can_be_read_with_less(offline: Smelt) -> None:
    """... by every command, and it is not taken for damage."""
    wide(offline, 600)
    little = ("--set", "lake.memory_limit=48MiB")
    for number in range(2):
        send(offline, {"f1": number})
        offline("refine", "--set", "lake.memory_limit=1GiB")
    for command in (("audit",), ("quarantine", "list"), ("ingest", "--from", "in-0.jsonl"), ("refine",), ("refine", "--full"), ("publish",)):
        offline(*command, *little)
    result = offline.run("recover", *little)
    assert result.code == 0 and not result.summary["needed"], result
