#!/usr/bin/env python3
"""Finds sources of a module that need each other in a circle. Fails on the first circle, and prints the functions that cause it.

    check_circles.py BUILD_DIR    reads the objects of libsmelt there (tools/build debug)
    check_circles.py --self-test

Includes only show which headers a file reads, not which source defines a function. So this script reads the symbols of the objects: a source
depends on another one when it uses its functions. tools/check_includes.py checks the dependencies between modules.
"""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from check_includes import find_circle

Symbols = dict[str, tuple[set[str], set[str]]]  # source -> what it defines, what it needs


def read_object(path: Path) -> tuple[set[str], set[str]]:
    listed = subprocess.run(["nm", "--extern-only", "--format=posix", str(path)], check=True, capture_output=True, text=True).stdout
    defined, needed = set(), set()
    for line in listed.splitlines():
        name, kind = line.split()[:2]
        (needed if kind in "Uw" else defined).add(name)
    return defined, needed


def read_objects(build: Path, sources: Iterable[Path], root: Path) -> Symbols:
    found: Symbols = {}
    for source in sources:
        relative = source.relative_to(root)
        compiled = build / "libsmelt.a.p" / (str(relative).replace("/", "_") + ".o")
        if compiled.exists():
            found[str(relative)] = read_object(compiled)
    return found


def arrows_of(symbols: Symbols) -> dict[str, dict[str, set[str]]]:
    """source -> other source of the same module -> symbols that the first uses from the second"""
    owner = {name: source for source, (defined, _) in symbols.items() for name in defined}
    arrows: dict[str, dict[str, set[str]]] = {source: {} for source in symbols}
    for source, (_, needed) in symbols.items():
        for name in needed:
            target = owner.get(name)
            if target and target != source and Path(target).parent == Path(source).parent:
                arrows[source].setdefault(target, set()).add(name)
    return arrows


def describe(arrows: dict[str, dict[str, set[str]]], circle: list[str]) -> str:
    lines = [f"  {a} needs {', '.join(sorted(arrows[a][b]))} of {b}" for a, b in zip(circle, circle[1:])]
    return "\n".join(["these sources need each other:", *lines])


def self_test() -> None:
    mutual: Symbols = {
        "src/lake/rows.c": ({"lake_next"}, {"lake_fail"}),
        "src/lake/error.c": ({"lake_fail"}, {"lake_next"}),
        "src/web/api.c": ({"handle"}, {"lake_next"}),
    }
    assert find_circle(arrows_of(mutual)) == ["src/lake/error.c", "src/lake/rows.c", "src/lake/error.c"]
    assert not find_circle(arrows_of({**mutual, "src/lake/error.c": ({"lake_fail"}, {"handle"})})), "dependencies between modules are not checked here"


def main() -> int:
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    root = Path(__file__).resolve().parent.parent
    symbols = read_objects(Path(sys.argv[1]), sorted((root / "src").rglob("*.c")), root)
    arrows = arrows_of(symbols)
    circle = find_circle(arrows)
    if circle:
        print(describe(arrows, circle))
    elif not symbols:
        print(f"no object of libsmelt in {sys.argv[1]}; next: tools/build debug")
    else:
        print(f"{len(symbols)} sources, no circle")
    return 1 if circle or not symbols else 0


if __name__ == "__main__":
    sys.exit(main())
