"""tools/bind.py: a library that has found its own symbols does what it did, and has nothing else changed."""

from __future__ import annotations

import ctypes
import importlib.util
import struct
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = """
#include <stdlib.h>
int counter = 5;
int *const pointer = &counter;
__thread int own;
int twice(int v) { return 2 * v; }
int three_times(int v) { return 3 * v; }
int (*const table[])(int) = {twice, three_times, abs};
static int (*choose(void))(int) { return three_times; }
int chosen(int v) __attribute__((ifunc("choose")));
int call(int which, int v) { own += 1; return table[which](v) + *pointer + twice(v) + abs(v) + chosen(v) + own; }
__asm__(".globl once\\n.type once, @gnu_unique_object\\n.data\\nonce: .quad once\\n.size once, 8\\n.text");
"""


def bind() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bind", ROOT / "tools/bind.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def library(tmp_path: Path) -> Path:
    (tmp_path / "own.c").write_text(SOURCE)
    subprocess.run(["cc", "-shared", "-fPIC", "-Wl,-z,lazy", "-o", tmp_path / "own.so", tmp_path / "own.c"], check=True)
    return tmp_path / "own.so"


def searched(module: ModuleType, content: bytes) -> set[bytes]:
    """The names that the loader searches for, of data; those of calls are searched for when they happen."""
    library = module.Library(content)
    names, first = set(), library.offset(library.tags[5])
    for _, _, info, _ in library.relocations(module.RELA, module.RELA_SIZE):
        if info & 0xFFFFFFFF in (module.ABSOLUTE, module.TABLE_ENTRY):
            (name,) = struct.unpack_from("<I", content, library.offset(library.tags[module.SYMBOLS]) + (info >> 32) * module.SYMBOL.size)
            names.add(content[first + name : content.index(b"\0", first + name)])
    return names


def test_a_library_that_has_found_its_own_symbols_does_what_it_did(library: Path, tmp_path: Path) -> None:
    module, content = bind(), library.read_bytes()
    bound = module.bound(content)
    (tmp_path / "bound.so").write_bytes(bound)
    assert {b"counter", b"twice", b"three_times", b"abs", b"once"} <= searched(module, content)
    left = searched(module, bound)
    assert {b"abs", b"once"} <= left and not {b"counter", b"twice", b"three_times"} & left
    before, after = ctypes.CDLL(str(library)), ctypes.CDLL(str(tmp_path / "bound.so"))
    for which in range(3):
        assert before.call(which, -7) == after.call(which, -7)
    assert after.chosen(5) == 15


def test_the_library_is_bound_once(library: Path) -> None:
    module = bind()
    bound = module.bound(library.read_bytes())
    assert module.bound(bound) == bound


def test_what_is_not_known_stays_as_it_is(library: Path) -> None:
    module, content = bind(), library.read_bytes()
    other_machine = content[:18] + struct.pack("<H", 183) + content[20:]
    for other in (b"", b"no library", content[:5], other_machine):
        assert module.bound(other) == other
