#!/usr/bin/env python3
"""Where SQL may stand, that every INSERT names its columns, and that times are not subtracted by the calendar.

    check_sql.py [--self-test]

SQL is in sql/. C has statements only in src/compile, which writes them, in src/lake, which asks the database about itself, and where a name in
them is known only at run time (%s). An INSERT without its columns breaks when a table gains one: it has a list of them, or BY NAME. The difference
of two TIMESTAMPTZ takes DuckDB microseconds a row, for it asks the calendar: epoch_us(a) - epoch_us(b) is a hundred times as fast.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

WRITES_SQL = {"compile", "lake"}

# INSERTs without columns, and why they stay
ALLOWED = {
    "sql/migrations/0001_base.sql": "a migration is never changed",
    "sql/migrations/0002_serving.sql": "a migration is never changed",
    "sql/migrations/0004_gold_has_a_base.sql": "a migration is never changed",
    "sql/migrations/0005_identity.sql": "a migration is never changed",
    "tests/golden/builtin/gold/tables.sql": "in the fingerprint of the features: another text would make every lake compute Gold again",
    "tests/golden/builtin/gold/tower/tables.sql": "as above",
    "tests/golden/everything/gold/tables.sql": "as above",
}

STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|MERGE|CREATE|ALTER|DROP|COPY|WITH|FROM|TRUNCATE)\s")
INSERT = re.compile(r"\bINSERT\b(?!\s+(INTO\s+[\w.\"%{}]+\s+)?(BY NAME\b|\((?!\s*(SELECT|FROM|WITH)\b)))")
# two times, as their columns are named here
CALENDAR = re.compile(r"(?:\b\w+_(?:at|timestamp)\b|\bnow\(\))\s*-\s*(?:\w+\.)?\w+_(?:at|timestamp)\b")

# a comment, a character, or strings that the compiler joins, also around macros like PRId64
C_TOKEN = re.compile(r"""//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\])*'|(?P<text>"(?:\\.|[^"\\])*"(?:\s*(?:\w+\s*)?"(?:\\.|[^"\\])*")*)""", re.DOTALL)
C_STRING = re.compile(r'"((?:\\.|[^"\\])*)"')


def c_texts(source: str) -> list[tuple[int, str]]:
    """(line, text) of each string, with those joined that stand side by side."""
    found = []
    for token in C_TOKEN.finditer(source):
        if token["text"]:
            text = "".join(C_STRING.findall(token["text"])).replace("\\n", "\n").replace('\\"', '"')
            found.append((source.count("\n", 0, token.start()) + 1, text))
    return found


def without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*", "", sql)


def complaints_of_c(path: str, source: str) -> list[str]:
    found = []
    module = Path(path).parts[1]
    for line, text in c_texts(source):
        shown = " ".join(text.split())[:60]
        if module not in WRITES_SQL and STATEMENT.match(text) and "%s" not in text:
            found.append(f'{path}:{line}: this belongs in sql/: "{shown}"')
        if module != "compile" and INSERT.search(text):  # what compile writes is judged in tests/golden, where it is whole
            found.append(f'{path}:{line}: the INSERT names no columns: "{shown}"')
    return found


def complaints_of_sql(path: str, text: str) -> list[str]:
    found = []
    if path not in ALLOWED and INSERT.search(without_comments(text)):
        found.append(f"{path}: the INSERT names no columns")
    if calendar := CALENDAR.search(without_comments(text)):
        found.append(f"{path}: subtract epoch_us(...) of the times: {' '.join(calendar[0].split())}")
    return found


def unused_permits(texts: dict[str, str]) -> list[str]:
    return [f"{path}: ALLOWED in {Path(__file__).name}, but every INSERT names its columns" for path in ALLOWED if not INSERT.search(without_comments(texts.get(path, "")))]


def self_test() -> None:
    forbidden = {
        "src/churn/data.c": [
            'lake_exec(c, "x", "DROP TABLE t", err)',
            'f("SELECT a "\n  "FROM t")',
            'f("INSERT INTO t SELECT * FROM %s", name)',
            'f("UPDATE t SET a = %" PRId64 " WHERE b", n)',
        ],
        "src/lake/schema.c": ['f("INSERT INTO v VALUES ($1, now())")'],
    }
    for path, sources in forbidden.items():
        for source in sources:
            assert complaints_of_c(path, source), f"{path} may not contain {source}"
    allowed = {
        "src/compile/gold.c": ['f("INSERT INTO t%s SELECT 1")', 'f("DELETE FROM t;\\n")'],
        "src/lake/schema.c": ['f("SELECT max(version) FROM v")', 'f("INSERT INTO v (version) VALUES ($1)")'],
        "src/refine/gold.c": ['f("DROP TABLE IF EXISTS %s", t)', '/* "SELECT 1 FROM t" */', 'f("the SELECT of t")', "char c = '\"'; f(\"ATTACH {{path}} AS s\")"],
        "src/recovery/backup.c": ['f("INSERT INTO %s BY NAME SELECT * FROM b.%s", t, t)'],
    }
    for path, sources in allowed.items():
        for source in sources:
            assert not complaints_of_c(path, source), complaints_of_c(path, source)
    for sql in ["INSERT INTO t SELECT 1", "INSERT INTO t VALUES (1)", "INSERT INTO t (SELECT 1)", "MERGE INTO t USING s ON x WHEN NOT MATCHED THEN INSERT VALUES (1)",
                "SELECT ingested_at - kafka_timestamp FROM t", "SELECT epoch(now() -\n b.kafka_timestamp)"]:
        assert complaints_of_sql("sql/x.sql", sql), f"no complaint about {sql}"
    for sql in ["INSERT INTO t (a, b)\nVALUES (1, 2)", "INSERT INTO t BY NAME SELECT 1 AS a", "-- INSERT INTO t\nSELECT 1", "MERGE INTO t USING s ON x WHEN NOT MATCHED THEN INSERT (a) VALUES (1)",
                "SELECT epoch_us(ingested_at) - epoch_us(kafka_timestamp)", "SELECT now() - INTERVAL 2 DAY, made_at - INTERVAL 1 HOUR"]:
        assert not complaints_of_sql("sql/x.sql", sql), sql


def main() -> int:
    if "--self-test" in sys.argv[1:]:
        self_test()
        return 0
    sources = {str(p.relative_to(ROOT)): p.read_text() for p in sorted((ROOT / "src").rglob("*.[ch]"))}
    texts = {str(p.relative_to(ROOT)): p.read_text() for folder in ("sql", "tests/golden") for p in sorted((ROOT / folder).rglob("*.sql"))}
    found = [c for path, source in sources.items() for c in complaints_of_c(path, source)]
    found += [c for path, text in texts.items() for c in complaints_of_sql(path, text)] + unused_permits(texts)
    print("\n".join(found) if found else f"{len(sources)} C files, {len(texts)} SQL files: SQL is where it belongs, every INSERT names its columns")
    return 1 if found or not sources or not texts else 0


if __name__ == "__main__":
    sys.exit(main())
