#!/usr/bin/env python3
"""bind.py IN.so OUT.so: a copy of a shared library that has found its own symbols already.

A library that exports everything, as libduckdb does, refers to its own functions and tables by name, and the loader searches for tens of
thousands of names each time a process loads it. Smelt lets the library look for its own symbols first (src/lake/duckdb_api.c), so what they
are is known before: such an entry becomes one that only adds the address at which the library was loaded. A function that is found at its first
call gets its address in place of the code that searches for it.

Left as they are: symbols that the library does not have itself, those that a process has once (STB_GNU_UNIQUE), those of a thread, and those that choose their
code when they are loaded. Of another machine than x86-64, or of a library of another make, the copy is the same as the original.
"""

import io
import shutil
import struct
import sys

X86_64 = 62
RELOCATION, HEADER, SYMBOL, TAG = struct.Struct("<QQq"), struct.Struct("<IIQQQQQQ"), struct.Struct("<IBBHQQ"), struct.Struct("<QQ")
LOAD, DYNAMIC = 1, 2  # program headers
PLT_SIZE, SYMBOLS, RELA, RELA_SIZE, PLT, RELA_COUNT = 2, 6, 7, 8, 23, 0x6FFFFFF9  # tags of the dynamic section
ABSOLUTE, TABLE_ENTRY, CALL, RELATIVE, CHOSEN = 1, 6, 7, 8, 37  # kinds of relocations: R_X86_64_64, _GLOB_DAT, _JUMP_SLOT, _RELATIVE, _IRELATIVE
GLOBAL, WEAK = 1, 2
PLAIN, OBJECT, FUNCTION = 0, 1, 2
FIRST_RESERVED_SECTION = 0xFF00


def search_order(entry):
    """Code that chooses runs when all else is in its place."""
    at, info, _ = entry
    return info & 0xFFFFFFFF == CHOSEN, info >> 32, at


class Library:
    def __init__(self, content):
        self.bytes = bytearray(content)
        (headers,), (count,) = struct.unpack_from("<Q", content, 32), struct.unpack_from("<H", content, 56)
        found = [HEADER.unpack_from(content, headers + i * HEADER.size) for i in range(count)]
        self.segments = [(address, size, offset) for kind, _, offset, address, _, size, _, _ in found if kind == LOAD]
        self.tags, self.places = {}, {}
        for kind, _, offset, _, _, size, _, _ in found:
            for place in range(offset, offset + size, TAG.size) if kind == DYNAMIC else ():
                tag, value = TAG.unpack_from(content, place)
                if tag not in self.tags:
                    self.tags[tag], self.places[tag] = value, place

    def offset(self, address):
        """In the file, of what is loaded at this address."""
        return next(offset + address - start for start, size, offset in self.segments if start <= address < start + size)

    def own_address(self, number):
        """Of a symbol; None: it has to be searched for."""
        _, info, _, section, value, _ = SYMBOL.unpack_from(self.bytes, self.offset(self.tags[SYMBOLS]) + number * SYMBOL.size)
        known = info >> 4 in (GLOBAL, WEAK) and info & 15 in (PLAIN, OBJECT, FUNCTION) and 0 < section < FIRST_RESERVED_SECTION
        return value if known else None

    def relocations(self, table, size):
        first = self.offset(self.tags[table])
        return [(place, *RELOCATION.unpack_from(self.bytes, place)) for place in range(first, first + self.tags[size], RELOCATION.size)]

    def bind_data(self):
        """The loader takes the first RELA_COUNT to be relative without looking, and a symbol that it has just found it does not search for again."""
        relative, rest = [], []
        for _, at, info, add in self.relocations(RELA, RELA_SIZE):
            kind = info & 0xFFFFFFFF
            own = self.own_address(info >> 32) if kind in (ABSOLUTE, TABLE_ENTRY) else None
            if kind == RELATIVE:
                relative.append((at, info, add))
            elif own is not None:
                relative.append((at, RELATIVE, own + (add if kind == ABSOLUTE else 0)))
            else:
                rest.append((at, info, add))
        first = self.offset(self.tags[RELA])
        for i, entry in enumerate(sorted(relative) + sorted(rest, key=search_order)):
            RELOCATION.pack_into(self.bytes, first + i * RELOCATION.size, *entry)
        TAG.pack_into(self.bytes, self.places[RELA_COUNT], RELA_COUNT, len(relative))

    def bind_calls(self):
        """Until its first call, the loader only adds the address of the library to what the entry of a function has."""
        for _, at, info, _ in self.relocations(PLT, PLT_SIZE):
            own = self.own_address(info >> 32)
            if info & 0xFFFFFFFF == CALL and own is not None:
                struct.pack_into("<Q", self.bytes, self.offset(at), own)


def bound(content):
    is_known = content[:6] == b"\x7fELF\x02\x01" and struct.unpack_from("<H", content, 18) == (X86_64,)
    library = Library(content) if is_known else None
    if library is None or not {SYMBOLS, RELA, RELA_SIZE, RELA_COUNT, PLT, PLT_SIZE} <= library.tags.keys():
        return content
    library.bind_data()
    library.bind_calls()
    return bytes(library.bytes)


def main():
    with open(sys.argv[1], "rb") as source:
        content = source.read()
    with open(sys.argv[2], "wb") as target:
        shutil.copyfileobj(io.BytesIO(bound(content)), target)  # in pieces: of one, Linux keeps large pages, and all of each counts as memory of a process


if __name__ == "__main__":
    main()
