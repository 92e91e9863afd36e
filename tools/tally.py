#!/usr/bin/env python3
"""Adds up what ran: prints the slowest tests, then "N passed, N failed" alone on a line; exit code 1 when anything failed or a part ran nothing.

    tally.py FOLDER PART... [--failed PART...]

FOLDER has lint.txt (lines "ok NAME" and "failed NAME"), unit.xml and pytest.xml (JUnit). A part that failed without naming a failed test, one
that left no result and a skipped test count as failures.
"""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

FILES = {"lint": "lint.txt", "unit": "unit.xml", "integration": "pytest.xml"}
SLOWEST = 15


def count_lines(path: Path) -> tuple[int, int]:
    words = [line.split()[0] for line in path.read_text().splitlines() if line.strip()]
    return words.count("ok"), len(words) - words.count("ok")


def count_junit(path: Path) -> tuple[int, int]:
    passed = failed = 0
    for case in ET.parse(path).getroot().iter("testcase"):
        bad = any(case.find(kind) is not None for kind in ("failure", "error", "skipped"))
        passed, failed = passed + (not bad), failed + bad
    return passed, failed


def count(path: Path) -> tuple[int, int]:
    if not path.exists():
        return 0, 0
    return count_lines(path) if path.suffix == ".txt" else count_junit(path)


def times(path: Path) -> list[tuple[float, str]]:
    """Seconds and name of each test of a JUnit file."""
    if path.suffix != ".xml" or not path.exists():
        return []
    cases = ET.parse(path).getroot().iter("testcase")
    return [(float(case.get("time") or 0), f"{module_of(case)}{case.get('name', '')}") for case in cases]


def module_of(case: ET.Element) -> str:
    """Of a pytest; what Meson runs has its module in the name."""
    _, dot, module = case.get("classname", "").rpartition(".")
    return f"{module} " if dot else ""


def slowest(folder: Path, parts: list[str]) -> list[str]:
    """A table; its times overlap, since tests run side by side."""
    found = {part: times(folder / FILES[part]) for part in parts}
    lines = [f"  {seconds:7.1f} s  {part:11}  {name}" for seconds, part, name in sorted(((s, part, name) for part, tests in found.items() for s, name in tests), reverse=True)]
    sums = [f"{part} {sum(s for s, _ in tests):.0f} s in {len(tests)} tests" for part, tests in found.items() if tests]
    return [f"slowest tests (all of {', '.join(sums)}):", *lines[:SLOWEST]] if lines else []


def main() -> int:
    folder, *words = sys.argv[1:]
    split = words.index("--failed") if "--failed" in words else len(words)
    parts, broken = words[:split], words[split + 1 :]
    passed = failed = 0
    for part in parts:
        good, bad = count(Path(folder) / FILES[part])
        if bad == 0 and (part in broken or good == 0):
            bad = 1
        passed, failed = passed + good, failed + bad
    print("\n".join([*slowest(Path(folder), parts), f"{passed} passed, {failed} failed"]), flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
