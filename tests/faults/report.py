"""The table at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    row: int
    fault: str
    injected: int
    lost: int
    duplicated: int
    seconds: float
    problem: str = ""
    complete: bool = True

    @property
    def is_green(self) -> bool:
        return not self.problem and self.injected > 0 and self.lost == self.duplicated == 0

    @property
    def verdict(self) -> str:
        if self.injected == 0 and not self.problem:
            return "NEVER FIRED"
        return ("ok" if self.complete else "ok so far") if self.is_green else "FAILED"


def table(lines: Sequence[Line]) -> list[str]:
    rows = [(str(line.row), line.fault, f"{line.injected:,}", str(line.lost), str(line.duplicated), line.verdict, f"{line.seconds:.1f}") for line in lines]
    rows = [("row", "fault", "injected", "lost", "duplicated", "verdict", "seconds"), *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) if column in (1, 5) else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths, strict=True))) for row in rows]
