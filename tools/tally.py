#!/usr/bin/env python3
"""Adds up what ran: prints "N passed, N failed" alone on a line; exit code 1 when anything failed or a part ran nothing.

    tally.py FOLDER PART... [--failed PART...]

FOLDER has lint.txt (lines "ok NAME" and "failed NAME"), unit.xml and pytest.xml (JUnit). A part that failed without naming a failed test, one
that left no result and a skipped test count as failures.
"""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

FILES = {"lint": "lint.txt", "unit": "unit.xml", "integration": "pytest.xml"}


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
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
