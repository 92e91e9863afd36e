#!/usr/bin/env python3
"""Nothing in the tree may depend on one machine or network: no absolute path of a user's folders, no address of a package registry. And the
engine knows no pipeline: the word of the telecom declarations for their entity stands in the files named here alone.

    check_words.py [--self-test]
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

REGISTRIES = r"registry\.|npmjs|pypi|pythonhosted|repo1?\.maven|crates\.io|deb\.debian|security\.debian|snapshot\.debian|mirror|artifactory|nexus|jfrog|yarnpkg|sonatype"

FORBIDDEN = {
    "path of one machine": re.compile(r"(?<![\w.$}/*~-])/(?:home|root|Users|work|workspace|mnt|scratch)/[\w.-]"),
    "address of a package registry": re.compile(rf"https?://[\w.-]*(?:{REGISTRIES})[\w.-]*"),
    "credentials in an address": re.compile(r"https?://[^\s/@\"'<>]+:[^\s/@\"'<>]+@"),
}

# What Gold is of is declared: the engine, its SQL and its page say entity.
ENTITY_WORD = re.compile("subscri" + "ber", re.IGNORECASE)
ENGINE = ("src/", "sql/", "ui/")
# where the word stands, and why
SAYS_ENTITY_WORD = {
    "src/telecom/": "the synthetic operator",
    "src/commands/produce": "makes the synthetic operator's events",
    "sql/migrations/": "a migration is never changed",
    "sql/new_lake/": "what the migrations make",
    "sql/serving/entities_before.sql": "the one entity of snapshots of earlier versions",
    "sql/api/metrics.sql": "the public name of a metric",
    "src/web/metrics_table.c": "the public name of a metric",
    "src/compile/compile.h": "the name under which Bronze and quarantine store the id",
    "sql/bronze/": "as above",
    "sql/rows/": "as above",
    "src/ingest/": "as above, and the name in the envelope",
    "src/contract/envelope": "the name in the envelope, and the one under which Bronze stores the id",
    "src/contract/presets.c": "the names in Smelt's own envelope",
    "src/infer/": "as above",
    "src/contract/names.c": "a name that the envelope has",
    "src/contract/declarations.h": "an example",
    "src/contract/explain.c": "keys of the digest that lakes have stored",
    "src/judge/": "the name in the envelope",
    "sql/refine/envelopes.sql": "the key of the envelope that the ledger noted",
    "sql/refine/other_ids.sql": "the name under which Bronze stores the id",
}

# exceptions, with the reason
ALLOWED = {
    "LICENSE": "a text of others",
}


def complaints(path: str, text: str) -> list[str]:
    if path in ALLOWED:
        return []
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        for what, pattern in FORBIDDEN.items():
            if match := pattern.search(line):
                found.append(f"{path}:{number}: {what}: {match.group(0)}")
    return found


def says_entity_word(path: str, text: str) -> list[str]:
    if not path.startswith(ENGINE) or any(path.startswith(allowed) for allowed in SAYS_ENTITY_WORD):
        return []
    return [f"{path}:{number}: what Gold is of is declared: say entity here" for number, line in enumerate(text.splitlines(), 1) if ENTITY_WORD.search(line)]


def self_test() -> None:
    word = "subscri" + "ber"
    for path in ["src/refine/gold.c", "sql/api/ranked.sql", "ui/app.js"]:
        assert says_entity_word(path, f"the {word}s"), path
    for path in ["src/telecom/operator.c", "sql/migrations/0001_base.sql", "docs/api.md"]:
        assert not says_entity_word(path, f"the {word}s"), path
    forbidden = ["cd /ho" + "me/me/smelt", "index = htt" + "ps://py" + "pi.org/simple", "htt" + "p://mir" + "ror.example.org/debian", "htt" + "ps://me:secret@example.org/"]
    for line in forbidden:
        assert complaints("x", line), f"not reported: {line}"
    for line in ["cd ~/smelt", "/usr/share/smelt", "see https://kafka.apache.org/documentation", "$root/work/tmp", "SMELT_DATA_DIR=/var/lib/smelt"]:
        assert not complaints("x", line), complaints("x", line)


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def main() -> int:
    if "--self-test" in sys.argv[1:]:
        self_test()
        return 0
    names = tracked()
    found = []
    for name in names:
        data = (ROOT / name).read_bytes()
        if b"\0" not in data:
            text = data.decode("utf-8", "replace")
            found += complaints(name, text) + says_entity_word(name, text)
    print("\n".join(found) if found else f"{len(names)} files, none bound to one machine")
    return 1 if found or not names else 0


if __name__ == "__main__":
    sys.exit(main())
