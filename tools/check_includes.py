#!/usr/bin/env python3
"""Which room of src/ may include which. Fails on an arrow that goes the other way.

    check_includes.py [--self-test]

The direction is: base <- {kafka, lake, contract, model, telecom} <- compile <- medallion <- flow <- commands <- main, and web <- commands.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# room: the rooms that it may include besides itself
ROOMS: dict[str, set[str]] = {
    "base": set(),
    "kafka": {"base"},
    "lake": {"base"},
    "contract": {"base"},
    "model": {"base"},
    "telecom": {"base"},
    "compile": {"base", "contract"},
    "medallion": {"base", "kafka", "lake", "contract", "compile", "model"},
    "flow": {"base", "kafka", "lake", "contract", "compile", "model", "medallion"},
    "web": {"base", "lake"},
    "commands": {"base", "kafka", "lake", "contract", "compile", "model", "medallion", "telecom", "flow", "web"},
    "main": {"base", "commands"},
}

# foreign header: the one room that may include it
FOREIGN: dict[str, str] = {
    r"duckdb\.h(pp)?|duckdb/.*": "lake",
    r"(librdkafka/)?rdkafka(_mock)?\.h": "kafka",
    r"microhttpd\.h": "web",
    r"xgboost/.*": "model",
    r"yaml\.h": "base",
    r"argp\.h": "commands",
    r"yyjson\.h": "medallion",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def room_of(path: str) -> str:
    """src/lake/rows.c -> lake, src/main.c -> main"""
    parts = Path(path).parts
    return parts[1] if len(parts) > 2 else Path(path).stem


def is_internal(header: str) -> bool:
    return Path(header).stem == "internal" or Path(header).stem.endswith("_internal")


def complaints(path: str, text: str) -> list[str]:
    room = room_of(path)
    if room not in ROOMS:
        return [f"{path}: there is no room '{room}' in the table of {Path(__file__).name}"]
    found = []
    for own, foreign in INCLUDE.findall(text):
        target = own.split("/")[0]
        if own and "/" not in own:
            found.append(f'{path}: "{own}" should name its room: "{room}/{own}"')
        elif own and target != room and target not in ROOMS[room]:
            found.append(f'{path}: {room} must not include {target} ("{own}")')
        elif own and target != room and is_internal(own):
            found.append(f'{path}: "{own}" is for {target} alone')
        for pattern, owner in FOREIGN.items():
            if re.fullmatch(pattern, foreign or own) and room != owner:
                found.append(f"{path}: only {owner} may include <{foreign or own}>")
    return found


def self_test() -> None:
    """Each rule says no to what it forbids and nothing to what it allows."""
    forbidden = {
        "src/base/buf.c": '#include "lake/lake.h"',
        "src/lake/lake.c": '#include "kafka/client.h"',
        "src/compile/silver.c": "#include <duckdb.h>",
        "src/medallion/bronze.c": '#include "flow/run.h"',
        "src/web/server.c": '#include "medallion/publish.h"',
        "src/flow/run.c": '  #  include   "commands/app.h"',
        "src/main.c": '#include "lake/lake.h"',
        "src/kafka/admin.c": "#include <microhttpd.h>",
        "src/commands/ingest.c": "#include <librdkafka/rdkafka.h>",
        "src/medallion/churn.c": '#include "lake/internal.h"',
        "src/attic/old.c": '#include "base/buf.h"',
        "src/lake/rows.c": '#include "rows.h"',
    }
    for path, text in forbidden.items():
        assert complaints(path, text), f"{path} may not contain {text}, but nothing was said"
    allowed = {
        "src/lake/rows.c": '#include "lake/internal.h"\n#include "base/buf.h"\n#include <duckdb.h>\n#include <string.h>',
        "src/commands/up.c": '#include "web/web.h"\n#include "medallion/ingest.h"\n#include <argp.h>',
        "src/main.c": '#include "commands/command.h"\n#include "base/stop.h"',
    }
    for path, text in allowed.items():
        assert not complaints(path, text), complaints(path, text)
    for room, below in ROOMS.items():
        for other in below:
            assert room not in ROOMS[other], f"{room} and {other} include each other"


def main() -> int:
    if "--self-test" in sys.argv[1:]:
        self_test()
        return 0
    sources = sorted(p for p in (ROOT / "src").rglob("*.[ch]"))
    found = [c for p in sources for c in complaints(str(p.relative_to(ROOT)), p.read_text())]
    print("\n".join(found) if found else f"{len(sources)} files, every include goes the right way")
    return 1 if found or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
