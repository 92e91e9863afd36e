"""What a disk may hold after a power cut, computed from the record of tests/faults/preload/ops.c.

A write is durable once its file was synced after it. Of what was not synced, a disk may have any part: of what overwrites, sectors of 512
bytes, each of which was written or not; of what is appended, as much from its beginning as it happens, since file systems that order data
before sizes (ext4 as it is by default, XFS, Btrfs) never show a file that is longer than what was written to it. A name (of a new or a renamed file, or that a file is gone) is durable once its folder was synced, or the file that
was made or renamed; of other changes of names a disk has those up to some point in their order, as file systems with a journal have.
"""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

SECTOR = 512
WHOLE = 1 << 40  # for a disk that writes all of a write or nothing
HEAD = struct.Struct("<cIQI")


class Op(NamedTuple):
    kind: str  # o: open, w: write, t: truncate, s: sync, r: rename, u: unlink
    handle: int
    number: int  # flags, offset or size
    data: bytes


def read_ops(path: Path) -> Iterator[Op]:
    """A process that was killed leaves half a record at the end, perhaps."""
    text = path.read_bytes() if path.exists() else b""
    at = 0
    while at + HEAD.size <= len(text):
        kind, handle, number, length = HEAD.unpack_from(text, at)
        if at + HEAD.size + length > len(text):
            return
        yield Op(kind.decode(), handle, number, text[at + HEAD.size : at + HEAD.size + length])
        at += HEAD.size + length


@dataclass
class File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Op] = field(default_factory=list)  # writes and truncations since the last sync

    def content(self, survives: Callable[[], bool], sector: int = SECTOR) -> bytes:
        """With those sectors of each pending change that survive."""
        text, grows = bytearray(self.durable), True
        for op in self.pending:
            if op.kind == "w":
                grows = write_sectors(text, op, sector, survives, grows)
            elif survives():
                resize(text, op.number)
        return bytes(text)

    def sync(self) -> None:
        self.durable = bytearray(self.content(lambda: True))
        self.pending.clear()


def resize(text: bytearray, size: int) -> None:
    if size < len(text):
        del text[size:]
    else:
        text.extend(bytes(size - len(text)))


def write_sectors(text: bytearray, op: Op, sector: int, survives: Callable[[], bool], grows: bool) -> bool:
    """Returns whether what is appended after this may still be there."""
    at, until = op.number, op.number + len(op.data)
    while at < until:
        end = min((at // sector + 1) * sector, until)
        appends = end > len(text)
        if survives() and (grows or not appends):
            if appends:
                resize(text, end)
            text[at:end] = op.data[at - op.number : end - op.number]
        elif appends:
            grows = False
        at = end
    return grows


class NameChange(NamedTuple):
    folder: str
    path: str
    file: File | None  # None: the name is gone
    old: str | None  # the name that it had before


class Disk:
    """A folder while a smelt changes it. Starts from what is there, all of it durable."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.names = {str(path): File(bytearray(path.read_bytes())) for path in root.rglob("*") if path.is_file()}  # as processes see them
        self.durable_names = dict(self.names)
        self.changes: list[NameChange] = []
        self.handles: dict[int, File | str] = {}  # str: a folder
        self.synced = 0

    def replay(self, ops: Iterator[Op]) -> None:
        for op in ops:
            {"o": self.open, "w": self.change, "t": self.change, "s": self.sync, "r": self.rename, "u": self.unlink}[op.kind](op)

    def open(self, op: Op) -> None:
        path = op.data.decode()
        if path not in self.names and op.number & os.O_CREAT:
            self.names[path] = File()
            self.changes.append(NameChange(str(Path(path).parent), path, self.names[path], None))
        file = self.names.get(path)
        if file is not None and op.number & os.O_TRUNC:
            file.pending.append(Op("t", op.handle, 0, b""))
        self.handles[op.handle] = path if file is None else file

    def change(self, op: Op) -> None:
        file = self.handles[op.handle]
        assert isinstance(file, File)
        file.pending.append(op)

    def rename(self, op: Op) -> None:
        old, new = op.data.decode().split("\0")
        file = self.names.pop(old)
        self.names[new] = file
        self.changes.append(NameChange(str(Path(new).parent), new, file, old))

    def unlink(self, op: Op) -> None:
        path = op.data.decode()
        if self.names.pop(path, None) is not None:
            self.changes.append(NameChange(str(Path(path).parent), path, None, None))

    def sync(self, op: Op) -> None:
        self.synced += 1
        what = self.handles[op.handle]
        if isinstance(what, File):
            what.sync()
            self.settle(lambda change: change.file is what)
        else:
            self.settle(lambda change: change.folder == what)

    def settle(self, is_synced: Callable[[NameChange], bool]) -> None:
        """In their order: a change that is durable has all before it on the disk too."""
        upto = max((number for number, change in enumerate(self.changes, 1) if is_synced(change)), default=0)
        for change in self.changes[:upto]:
            apply(self.durable_names, change)
        del self.changes[:upto]

    def cut(self, chance: random.Random, survival: float, sector: int = SECTOR) -> int:
        """Rewrites the folder as it may be found when the power is back; each sector that was not synced survives with this probability.
        Returns how many changes were pending."""
        pending = len(self.changes) + sum(len(file.pending) for file in {id(f): f for f in [*self.names.values(), *self.durable_names.values()]}.values())
        names = dict(self.durable_names)
        keep = len(self.changes) if survival == 1 else 0 if survival == 0 else chance.randint(0, len(self.changes))
        for change in self.changes[:keep]:
            apply(names, change)
        for path in self.root.rglob("*"):
            if path.is_file() and str(path) not in names:
                path.unlink()
        for name, file in names.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(file.content(lambda: chance.random() < survival, sector))
        return pending


def apply(names: dict[str, File], change: NameChange) -> None:
    if change.old is not None:
        names.pop(change.old, None)
    if change.file is None:
        names.pop(change.path, None)
    else:
        names[change.path] = change.file
