"""The lake between versions and between processes."""

from __future__ import annotations

import duckdb
from harness import Smelt, events


def fill(smelt: Smelt) -> None:
    (smelt.folder / "e.jsonl").write_bytes(b"\n".join(events(0, 50)) + b"\n")
    smelt("ingest", "--from", "e.jsonl")


def test_a_lake_of_a_newer_version_is_refused(offline: Smelt) -> None:
    fill(offline)
    with duckdb.connect(str(offline.lake)) as conn:
        conn.execute("INSERT INTO schema_version VALUES (9999, now())")
    before = offline.lake.read_bytes()
    for command in (["ingest", "--from", "e.jsonl"], ["audit"], ["refine"]):
        result = offline.run(*command)
        assert result.code == 78 and "9999" in result.error
    assert offline.lake.read_bytes() == before


def test_commands_say_what_is_missing(offline: Smelt) -> None:
    for command, word in (("audit", "ingest"), ("refine", "ingest"), ("publish", "ingest"), ("train", "ingest")):
        result = offline.run(command)
        assert result.code == 69 and word in result.error, (command, result.error)
    assert not offline.lake.exists()


def test_a_file_that_is_no_lake_is_refused_and_left_alone(offline: Smelt) -> None:
    offline.data.mkdir()
    offline.lake.write_bytes(b"not a database, but somebody's file" * 1000)
    before = offline.lake.read_bytes()
    result = offline.run("audit")
    assert result.code == 74 and str(offline.lake) in result.error
    assert offline.lake.read_bytes() == before


def test_a_data_directory_that_cannot_be_made(offline: Smelt) -> None:
    (offline.folder / "file").write_text("{}")
    result = offline.run("ingest", "--from", "file", "--set", f"data.dir={offline.folder}/file/data")
    assert result.code == 74 and f"{offline.folder}/file" in result.error
