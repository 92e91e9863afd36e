"""What DuckDB itself has done wrong, on tables like ours (docs/decisions/0010-faults-of-duckdb.md): the version that Smelt pins must not."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from harness import Smelt, events

MOST, LEAST = 2**63 - 1, -(2**63)
Values = list[int | None]
Chance = random.Random


def one_value(chance: Chance, n: int) -> Values:
    return [chance.randrange(LEAST, MOST)] * n


def steps(chance: Chance, n: int) -> Values:
    first, step = chance.randrange(-(10**12), 10**12), chance.randrange(-(10**6), 10**6)
    return [first + i * step for i in range(n)]


def near_one_value(chance: Chance, n: int) -> Values:
    base, bits = chance.randrange(-(10**15), 10**15), chance.randrange(1, 60)
    return [base + chance.getrandbits(bits) for _ in range(n)]


def extremes(chance: Chance, n: int) -> Values:
    return [chance.choice((LEAST, MOST, 0)) if chance.random() < 0.001 else chance.randrange(100) for _ in range(n)]


def runs(chance: Chance, n: int) -> Values:
    values: Values = []
    while len(values) < n:
        values += [chance.getrandbits(chance.randrange(1, 63))] * chance.randrange(1, 3000)
    return values[:n]


def with_nulls(chance: Chance, n: int) -> Values:
    return [None if chance.random() < 0.3 else value for value in chance.choice(PATTERNS[:5])(chance, n)]


def one_after_another(chance: Chance, n: int) -> Values:
    """Their lengths are around DuckDB's groups of 2,048 values."""
    values: Values = []
    while len(values) < n:
        values += chance.choice(PATTERNS[:5])(chance, chance.choice((1, 100, 2047, 2048, 2049, 4096)))
    return values[:n]


PATTERNS: list[Callable[[Chance, int], Values]] = [one_value, steps, near_one_value, extremes, runs, with_nulls, one_after_another]


class Table:
    """A table with each integer type that Smelt stores, beside what must be in it."""

    def __init__(self, path: Path, chance: Chance) -> None:
        self.path, self.chance, self.expected, self.next = path, chance, dict[int, int | None](), 0
        self.open()
        self.conn.execute("CREATE TABLE t (id BIGINT, i64 BIGINT, i32 INTEGER, d DECIMAL(18,2), happened TIMESTAMP, day DATE, i8 TINYINT)")

    def open(self) -> None:
        self.conn = duckdb.connect(str(self.path), config={"threads": 1})
        self.conn.execute("SET write_buffer_row_group_count = 1")

    def insert(self) -> None:
        values = self.chance.choice(PATTERNS)(self.chance, self.chance.choice((1, 100, 2048, 2049, 5000, 20_000)))
        added = {self.next + i: value for i, value in enumerate(values)}
        new = pa.table({"id": pa.array(list(added), pa.int64()), "v": pa.array(values, pa.int64())})
        self.conn.register("new", new)
        self.conn.execute(
            """INSERT INTO t (id, i64, i32, d, happened, day, i8)
               SELECT id, v, v % 2147483647, (v // 1000) / 100, make_timestamp(v % 1000000000000000), DATE '2000-01-01' + (v % 100000)::INTEGER,
                      v % 127 FROM new"""
        )
        self.expected |= added
        self.next += len(values)

    def change(self) -> None:
        first = self.chance.randrange(self.next)
        last = first + self.chance.randrange(4000)
        if self.chance.random() < 0.5:
            self.conn.execute("DELETE FROM t WHERE id BETWEEN ? AND ?", [first, last])
            self.expected = {i: value for i, value in self.expected.items() if not first <= i <= last}
        else:
            value = self.chance.choice((0, -1, MOST, LEAST))
            self.conn.execute("UPDATE t SET i64 = ? WHERE id BETWEEN ? AND ?", [value, first, last])
            self.expected = {i: value if first <= i <= last else old for i, old in self.expected.items()}

    def checkpoint(self, reopen: bool) -> None:
        self.conn.execute("CHECKPOINT")
        if reopen:
            self.conn.close()
            self.open()

    def check(self) -> None:
        assert dict(self.conn.execute("SELECT id, i64 FROM t").fetchall()) == self.expected
        self.conn.execute("SELECT sum(i32), sum(d), max(happened), max(day), sum(i8) FROM t")


@pytest.mark.parametrize("seed", range(12))
def test_integers_survive_checkpoints(tmp_path: Path, seed: int) -> None:
    chance = Chance(seed)
    table = Table(tmp_path / "t.duckdb", chance)
    for _ in range(chance.randrange(1, 6)):
        table.insert()
        table.change()
        table.checkpoint(reopen=chance.random() < 0.3)
    table.checkpoint(reopen=True)
    table.check()


def text(chance: Chance) -> str | None:
    """Of any length, also longer than a block of DuckDB; some alike, some not to be compressed."""
    kind = chance.random()
    if kind < 0.1:
        return None
    length = chance.choice((0, 1, 11, 12, 13, 80, 4095, 4096)) if kind < 0.999 else chance.choice((262_144, 600_000))
    alphabet = "0" if kind < 0.3 else chance.choice(('{"a":1,', "é漢\U0001f600z", "".join(map(chr, range(32, 127)))))
    return "".join(chance.choices(alphabet, k=length))


@pytest.mark.parametrize("seed", range(4))
def test_texts_in_zstd_survive_checkpoints(tmp_path: Path, seed: int) -> None:
    """As Bronze has payloads: appended, read back; and changed, which Smelt never does."""
    chance, path, expected = Chance(seed), str(tmp_path / "t.duckdb"), dict[int, str | None]()
    config: dict[str, str | bool | int | float | list[str]] = {"storage_compatibility_version": "v1.2.0", "threads": 1}
    for made in range(chance.randrange(2, 5)):
        with duckdb.connect(path, config=config) as conn:
            conn.execute("CREATE TABLE IF NOT EXISTS t (id BIGINT, x VARCHAR USING COMPRESSION zstd)")
            for _ in range(chance.randrange(1, 3)):
                new = {len(expected) + i: text(chance) for i in range(chance.choice((1, 500, 2048, 6000)))}
                conn.register("new", pa.table({"id": pa.array(list(new), pa.int64()), "x": pa.array(list(new.values()), pa.string())}))
                conn.execute("INSERT INTO t SELECT * FROM new")
                expected |= new
            first = chance.randrange(len(expected))
            conn.execute("UPDATE t SET x = ? WHERE id BETWEEN ? AND ?", [str(made), first, first + 100])
            expected |= {i: str(made) for i in range(first, min(first + 101, len(expected)))}
            conn.execute("CHECKPOINT")
    with duckdb.connect(path, read_only=True) as conn:
        assert dict(conn.execute("SELECT id, x FROM t").fetchall()) == expected
        assert ("ZSTD",) in conn.execute("SELECT DISTINCT compression FROM pragma_storage_info('t')").fetchall()


def test_no_table_that_people_query_has_nested_columns(offline: Smelt) -> None:
    """ORDER BY of a member of a STRUCT with LIMIT ends DuckDB's database."""
    (offline.folder / "events.jsonl").write_bytes(b"\n".join(events(0, 50)))
    for command in (("ingest", "--from", "events.jsonl"), ("refine",), ("publish",)):
        offline(*command)
    types = {row["data_type"] for row in offline("sql", "SELECT DISTINCT data_type FROM duckdb_columns() WHERE NOT internal")["rows"]}
    assert "VARCHAR" in types
    assert [type for type in types if any(word in type for word in ("STRUCT", "MAP", "UNION", "[]"))] == []
