"""A lake of every earlier schema version opens, goes on, and gives what a lake of today gives; killed while it is migrated it is old or new."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from harness import ROOT, Smelt, assert_same, events, refined

LAKES = {int(re.sub(r"\D", "", path.name.split(".")[0])): path for path in (ROOT / "tests/fixtures/lakes").glob("v*.duckdb.gz")}
BRONZE = "SELECT to_json(b)::VARCHAR FROM (SELECT {} FROM bronze_raw_events) b WHERE batch_id <= 3 ORDER BY kafka_offset"
VERSIONS = sorted(int(path.name[:4]) for path in (ROOT / "sql/migrations").glob("*.sql"))


def unpack(smelt: Smelt, version: int) -> None:
    smelt.data.mkdir(exist_ok=True)
    smelt.log.unlink(missing_ok=True)
    smelt.lake.write_bytes(gzip.decompress(LAKES[version].read_bytes()))


def version_of(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as conn:
        return conn.execute("SELECT max(version) FROM schema_version").fetchone()[0]


def test_there_is_a_lake_of_each_earlier_version() -> None:
    assert sorted(LAKES) == VERSIONS[:-1], "tests/fixtures/lakes/make makes one"
    assert all(path.stat().st_size < 300_000 for path in LAKES.values())


@pytest.mark.parametrize("version", sorted(LAKES))
def test_an_older_lake_goes_on(offline: Smelt, version: int) -> None:
    unpack(offline, version)
    assert version_of(offline.lake) == version
    columns = offline.rows("SELECT string_agg(column_name, ', ' ORDER BY column_index) FROM duckdb_columns() WHERE table_name = 'bronze_raw_events'")[0][0]
    before = offline.rows(BRONZE.format(columns))
    audit = offline.audit()
    assert (audit["landed"], audit["duplicates"], audit["rejected"]) == (383, 10, 7)
    assert version_of(offline.lake) == VERSIONS[-1]
    assert (offline.data / "lake.mark").exists()
    (offline.folder / "more.jsonl").write_bytes(b"\n".join(events(0, 40)) + b"\n")
    assert offline("ingest", "--from", "more.jsonl")["landed"] == 40
    done = offline("refine")
    assert done["silver"] + done["quarantined"] == (423 if version == 1 else 40)
    incremental = refined(offline)
    offline("refine", "--full")
    assert_same(incremental, refined(offline))
    assert offline.audit()["offsets"] == 440
    assert offline.rows(BRONZE.format(columns)) == before
    offline("publish")
    backup = offline.folder / "backup"
    offline("backup", backup)
    assert offline("restore", backup, SMELT_DATA_DIR=str(offline.folder / "restored"))["landed"] == 423


def bronze(smelt: Smelt) -> list[list[object]]:
    return smelt.rows("SELECT column_name, data_type, is_nullable FROM duckdb_columns() WHERE table_name = 'bronze_raw_events' ORDER BY column_index")


def payloads(path: Path) -> set[str]:
    """How DuckDB stores the payloads of Bronze."""
    with duckdb.connect(str(path), read_only=True) as conn:
        found = conn.execute(
            """SELECT DISTINCT compression FROM pragma_storage_info('bronze_raw_events')
               WHERE column_name = 'raw_payload' AND segment_type <> 'VALIDITY'"""
        )
        return {compression for (compression,) in found.fetchall()}


def test_a_new_lake_has_the_columns_of_an_old_one_and_its_payloads_take_less(new_smelt: Callable[..., Smelt]) -> None:
    """Today's file is of a newer version of DuckDB's format. An old one keeps its own: ZSTD would be stored uncompressed there."""
    old, new, restored = (new_smelt(name=name, kafka_bootstrap="127.0.0.1:1") for name in ("old", "new", "restored"))
    unpack(old, 10)  # the last one in the old format
    for smelt in (old, new):
        (smelt.folder / "more.jsonl").write_bytes(b"\n".join(events(0, 5000)) + b"\n")
        smelt("ingest", "--from", "more.jsonl")
        smelt("backup", smelt.folder / "backup")
    assert bronze(old) == bronze(new)
    assert payloads(new.lake) == {"ZSTD"} and payloads(old.lake) == {"FSST"}
    restored("restore", old.folder / "backup")
    assert payloads(restored.lake) == {"ZSTD"}


def test_killed_while_it_is_migrated_it_is_old_or_new(offline: Smelt) -> None:
    unpack(offline, 1)
    began = time.monotonic()
    offline("audit")
    usual = time.monotonic() - began
    kills = 0
    for step in range(12):
        unpack(offline, 1)
        (offline.data / "lake.mark").unlink(missing_ok=True)
        running = offline.start("audit")
        time.sleep(usual * (0.2 + 0.06 * step))
        kills += running.kill()
        audit = offline.audit()
        assert audit["offsets"] == 400 and version_of(offline.lake) == VERSIONS[-1]
    assert kills >= 3
