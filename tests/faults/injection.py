"""Faults below the process: what tests/faults/preload is told by the environment, and what it says it did."""

from __future__ import annotations

import functools
import itertools
import subprocess
from collections import Counter
from pathlib import Path

from harness import BUILD

LIBRARIES = BUILD / "tests/faults/preload"
numbers = itertools.count(1)


@functools.cache
def sanitizers_of(binary: Path) -> tuple[str, ...]:
    """They insist on being loaded before anything that is preloaded."""
    lines = subprocess.run(["ldd", binary], check=True, capture_output=True, text=True).stdout.splitlines()
    return tuple(words[2] for words in map(str.split, lines) if words[0].startswith(("libasan.", "libubsan.")))


class Injection:
    """What is to go wrong in one smelt (or in several, one after the other)."""

    def __init__(self, binary: Path, folder: Path, root: Path, rules: str = "", **more: str) -> None:
        self.notes = folder / f"injection-{next(numbers)}"
        self.notes.mkdir(parents=True)
        self.log, self.trace, self.ops, self.clock = (self.notes / name for name in ("log", "trace", "ops", "clock"))
        library = LIBRARIES / ("libfault_memory.so" if "FAULT_MALLOC" in more else "libfault.so")
        assert library.exists(), f"{library} is not there: run tools/build debug"
        self.env = {
            "LD_PRELOAD": ":".join([*sanitizers_of(binary), str(library)]),
            "FAULT_ROOT": str(root),
            "FAULT_LOG": str(self.log),
            "FAULT_RULES": rules,
        } | more

    def with_trace(self) -> Injection:
        self.env["FAULT_TRACE"] = str(self.trace)
        return self

    def with_ops(self) -> Injection:
        self.env["FAULT_OPS"] = str(self.ops)
        return self

    def with_clock(self, seconds: int) -> Injection:
        self.env["FAULT_CLOCK"] = str(self.clock)
        self.set_clock(seconds)
        return self

    def set_clock(self, seconds: int) -> None:
        """The wall clock of the processes that run is off by so much from now on."""
        aside = self.clock.with_suffix(".new")
        aside.write_text(str(seconds))
        aside.rename(self.clock)

    def fired(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in lines if line.startswith("fired ")]

    def calls(self) -> Counter[tuple[str, str]]:
        """How often each call was made on each file, by the file's name."""
        lines = self.trace.read_text().splitlines() if self.trace.exists() else []
        return Counter((call, Path(path).name) for call, path in (line.split(" ", 1) for line in lines))
