#!/usr/bin/env python3
"""Checks which module of src/ includes which. Fails on an include that the table does not allow, and on headers that include each other.

    check_includes.py [--self-test | --graph]

The table below is in the order of the data flow; a module may only include the modules that its row names. --graph prints the modules with
their sizes and their actual includes.
"""

import re
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# module: the modules that it may include besides itself
MODULES: dict[str, set[str]] = {
    "base": set(),
    "kafka": {"base"},
    "lake": {"base"},
    "telecom": {"base"},
    "model": {"base"},
    "evaluate": {"base", "model"},
    "contract": {"base"},
    "compile": {"base", "contract"},
    "judge": {"base", "contract"},
    "avro": {"base"},
    "registry": {"base"},
    "infer": {"base"},
    "ledger": {"base", "lake"},
    "ingest": {"base", "kafka", "lake", "contract", "ledger", "avro", "registry"},
    "refine": {"base", "lake", "contract", "compile", "judge"},
    "churn": {"base", "lake", "model", "evaluate"},
    "snapshot": {"base", "lake"},
    "recovery": {"base", "kafka", "lake", "contract", "ledger", "ingest", "snapshot"},
    "flow": {"base", "kafka", "lake", "contract", "compile", "model", "ledger", "ingest", "refine", "churn", "snapshot", "recovery"},
    "health": {"base", "kafka", "lake", "ledger", "snapshot", "recovery", "model/model.h", "flow/run_record.h"},
    "web": {"base", "lake", "snapshot"},
    "commands": {
        "base", "kafka", "lake", "telecom", "model", "evaluate", "contract", "compile", "judge", "infer", "ledger", "ingest", "refine", "churn", "snapshot", "recovery", "flow", "health", "web",
    },
    "main": {"base", "commands"},
}

# foreign header: the modules that may include it, one or as few as can be
FOREIGN: dict[str, str | set[str]] = {
    r"duckdb\.h(pp)?|duckdb/.*": "lake",
    r"(librdkafka/)?rdkafka(_mock)?\.h": "kafka",
    r"xgboost/.*": "model",
    r"curl/.*": "base",
    r"yaml\.h": "base",
    r"(zlib|zstd)\.h": "base",
    r"argp\.h": "commands",
    r"yyjson\.h": {"base", "infer", "ingest", "judge"},
    r"llhttp\.h": "web",
    r"openssl/ssl\.h": "base",
    r"pcre2\.h": "judge",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)

Files = dict[str, str]  # path below the root -> its text


def module_of(path: str) -> str:
    """src/lake/rows.c -> lake, src/main.c -> main"""
    parts = Path(path).parts
    return parts[1] if len(parts) > 2 else Path(path).stem


def is_internal(header: str) -> bool:
    return Path(header).stem == "internal" or Path(header).stem.endswith("_internal")


def complaints(path: str, text: str) -> list[str]:
    """The includes of one file that its module may not have."""
    module = module_of(path)
    if module not in MODULES:
        return [f"{path}: there is no module '{module}' in the table of {Path(__file__).name}"]
    found = []
    for own, foreign in INCLUDE.findall(text):
        target = own.split("/")[0]
        if own and "/" not in own:
            found.append(f'{path}: "{own}" should name its module: "{module}/{own}"')
        elif own and target != module and not {target, own} & MODULES[module]:
            found.append(f'{path}: {module} must not include {target} ("{own}")')
        elif own and target != module and is_internal(own):
            found.append(f'{path}: "{own}" is for {target} alone')
        for pattern, owner in FOREIGN.items():
            owners = {owner} if isinstance(owner, str) else owner
            if re.fullmatch(pattern, foreign or own) and module not in owners:
                found.append(f"{path}: only {' and '.join(sorted(owners))} may include <{foreign or own}>")
    return found


def find_circle(arrows: Mapping[str, Collection[str]]) -> list[str]:
    """The first circle, as a path that ends where it begins; empty when there is none."""
    done: set[str] = set()
    way: list[str] = []

    def visit(node: str) -> list[str]:
        if node in way:
            return [*way[way.index(node) :], node]
        if node in done:
            return []
        way.append(node)
        for target in sorted(arrows.get(node, ())):
            if circle := visit(target):
                return circle
        way.pop()
        done.add(node)
        return []

    for node in sorted(arrows):
        if circle := visit(node):
            return circle
    return []


def circles(files: Files) -> list[str]:
    """Circles of headers. tools/check_circles.py finds circles of sources, by their symbols."""
    headers = {path.removeprefix("src/"): {own for own, _ in INCLUDE.findall(text) if own} for path, text in files.items() if path.endswith(".h")}
    circle = find_circle(headers)
    return [f"these headers include each other: {' -> '.join(circle)}"] if circle else []


def graph(files: Files) -> str:
    """One line per module: files, lines, and its actual includes."""
    lines = [f"{'module':10} {'files':>5} {'lines':>6}  includes"]
    for module in MODULES:
        own = {path: text for path, text in files.items() if module_of(path) == module}
        targets = {i.split("/")[0] for text in own.values() for i, _ in INCLUDE.findall(text) if i} - {module}
        lines.append(f"{module:10} {len(own):5} {sum(t.count(chr(10)) for t in own.values()):6}  {' '.join(m for m in MODULES if m in targets)}")
    return "\n".join(lines)


def self_test() -> None:
    """Each rule reports what is forbidden, and only that."""
    forbidden = {
        "src/base/buf.c": '#include "lake/lake.h"',
        "src/lake/statement.c": '#include "kafka/client.h"',
        "src/compile/silver.c": "#include <duckdb.h>",
        "src/ingest/bronze.c": '#include "flow/run.h"',
        "src/web/server.c": '#include "ingest/ingest.h"',
        "src/flow/run.c": '  #  include   "commands/app.h"',
        "src/flow/live.c": '#include "health/health.h"',
        "src/health/facts.c": '#include "flow/run.h"',
        "src/main.c": '#include "lake/lake.h"',
        "src/kafka/admin.c": "#include <xgboost/c_api.h>",
        "src/refine/refine.c": "#include <yyjson.h>",
        "src/judge/judge.c": '#include "lake/lake.h"',
        "src/commands/ingest.c": "#include <librdkafka/rdkafka.h>",
        "src/churn/training.c": '#include "lake/internal.h"',
        "src/attic/old.c": '#include "base/buf.h"',
        "src/lake/rows.c": '#include "rows.h"',
    }
    for path, text in forbidden.items():
        assert complaints(path, text), f"{path} may not contain {text}, but there was no complaint"
    allowed = {
        "src/lake/rows.c": '#include "lake/internal.h"\n#include "base/buf.h"\n#include <duckdb.h>\n#include <string.h>',
        "src/commands/up.c": '#include "web/web.h"\n#include "ingest/ingest.h"\n#include <argp.h>',
        "src/health/facts.c": '#include "flow/run_record.h"',
        "src/main.c": '#include "commands/command.h"\n#include "base/stop.h"',
    }
    for path, text in allowed.items():
        assert not complaints(path, text), complaints(path, text)
    for module, below in MODULES.items():
        for other in below & MODULES.keys():
            assert module not in MODULES[other], f"{module} and {other} include each other"
    mutual = {"src/lake/rows.h": '#include "lake/lake.h"', "src/lake/lake.h": '#include "lake/rows.h"'}
    assert circles(mutual), "two headers include each other, but there was no complaint"
    assert not circles({**mutual, "src/lake/lake.h": ""})


def main() -> int:
    if "--self-test" in sys.argv[1:]:
        self_test()
        return 0
    files = {str(p.relative_to(ROOT)): p.read_text() for p in sorted((ROOT / "src").rglob("*.[ch]"))}
    if "--graph" in sys.argv[1:]:
        print(graph(files))
    found = [c for path, text in files.items() for c in complaints(path, text)] + circles(files)
    print("\n".join(found) if found else f"{len(files)} files, every include goes down, no circle")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
