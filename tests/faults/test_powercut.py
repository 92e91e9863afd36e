"""The computation of power cuts is itself tested: a harness that loses too little would pass everything."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from faults.powercut import SECTOR, Disk, Op

CREATE = os.O_CREAT


def disk_after(root: Path, ops: list[Op], survival: float, seed: int = 1) -> dict[str, bytes]:
    disk = Disk(root)
    disk.replay(iter(ops))
    disk.cut(random.Random(seed), survival)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def name(root: Path, text: str) -> bytes:
    return str(root / text).encode()


def test_what_was_not_synced_is_gone(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    ops = [Op("o", 1, CREATE, name(tmp_path, "a")), Op("w", 1, 0, b"new"), Op("s", 1, 0, b""), Op("w", 1, 3, b"er")]
    assert disk_after(tmp_path, ops[:2], 0) == {"a": b"old"}
    (tmp_path / "a").write_bytes(b"old")
    assert disk_after(tmp_path, ops, 0) == {"a": b"new"}
    (tmp_path / "a").write_bytes(b"old")
    assert disk_after(tmp_path, ops, 1) == {"a": b"newer"}


def test_a_write_over_others_may_be_torn_at_any_sector(tmp_path: Path) -> None:
    ops = [Op("o", 1, 0, name(tmp_path, "a")), Op("w", 1, 0, b"x" * 8 * SECTOR)]
    found = set()
    for seed in range(20):
        (tmp_path / "a").write_bytes(bytes(8 * SECTOR))
        found.add(disk_after(tmp_path, ops, 0.5, seed)["a"])
    assert len(found) > 10 and any(text.startswith(b"\0") and b"x" in text for text in found)


def test_of_what_is_appended_a_beginning_is_left(tmp_path: Path) -> None:
    ops = [Op("o", 1, 0, name(tmp_path, "a")), Op("w", 1, 3, b"x" * 4 * SECTOR), Op("w", 1, 3 + 4 * SECTOR, b"y" * 4 * SECTOR)]
    whole, found = b"old" + b"x" * 4 * SECTOR + b"y" * 4 * SECTOR, set()
    for seed in range(60):
        (tmp_path / "a").write_bytes(b"old")
        text = disk_after(tmp_path, ops, 0.8, seed)["a"]
        assert whole.startswith(text)
        found.add(len(text))
    assert len(found) > 5


def test_a_new_file_that_was_never_synced_has_no_name(tmp_path: Path) -> None:
    ops = [Op("o", 1, CREATE, name(tmp_path, "a")), Op("w", 1, 0, b"x")]
    assert disk_after(tmp_path, ops, 0) == {}
    assert disk_after(tmp_path, [*ops, Op("s", 1, 0, b"")], 0) == {"a": b"x"}


@pytest.mark.parametrize("synced", [False, True])
def test_a_rename_is_durable_with_its_folder(tmp_path: Path, synced: bool) -> None:
    (tmp_path / "a").write_bytes(b"old")
    ops = [Op("o", 1, CREATE, name(tmp_path, "a.tmp")), Op("w", 1, 0, b"new"), Op("s", 1, 0, b""), Op("r", 0, 0, name(tmp_path, "a.tmp") + b"\0" + name(tmp_path, "a"))]
    if synced:
        ops += [Op("o", 2, 0, str(tmp_path).encode()), Op("s", 2, 0, b"")]
    found = disk_after(tmp_path, ops, 0)
    assert found == ({"a": b"new"} if synced else {"a": b"old", "a.tmp": b"new"})


def test_a_name_without_its_bytes_is_an_empty_file(tmp_path: Path) -> None:
    """Renamed, the folder synced, but the file never: what one gets who forgets the fsync."""
    ops = [Op("o", 1, CREATE, name(tmp_path, "a.tmp")), Op("w", 1, 0, b"new"), Op("r", 0, 0, name(tmp_path, "a.tmp") + b"\0" + name(tmp_path, "a"))]
    ops += [Op("o", 2, 0, str(tmp_path).encode()), Op("s", 2, 0, b"")]
    assert disk_after(tmp_path, ops, 0) == {"a": b""}


def test_a_file_that_was_removed_may_be_there_again(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    assert disk_after(tmp_path, [Op("u", 0, 0, name(tmp_path, "a"))], 0) == {"a": b"old"}
    assert disk_after(tmp_path, [Op("u", 0, 0, name(tmp_path, "a"))], 1) == {}
