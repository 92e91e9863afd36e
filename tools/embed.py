#!/usr/bin/env python3
"""embed.py OUT.c DEPFILE ROOT UPLOT_DIR: writes the files of pipeline/, sql/, src/web/schemas/, ui/ and uPlot as C arrays, and their list as a depfile for Ninja."""
import hashlib
import pathlib
import sys

FOLDERS = ("pipeline", "sql", "src/web/schemas", "ui")
SKIP = {"package.json", "package-lock.json"}


def collect(root, uplot):
    """(path in the binary, file on disk), sorted, and the folders: a new file in one of them must cause a rebuild."""
    found, folders = [], []
    for top in FOLDERS:
        for path in sorted((root / top).rglob("*")):
            if path.is_dir():
                folders.append(path)
            elif path.name not in SKIP:
                found.append((path.relative_to(root).as_posix(), path))
        folders.append(root / top)
    for name in ("uPlot.iife.min.js", "uPlot.min.css"):
        if (uplot / name).exists():
            found.append((f"ui/vendor/{name}", uplot / name))
    return sorted(found), folders


def main():
    out, depfile, root, uplot = map(pathlib.Path, sys.argv[1:5])
    files, folders = collect(root, uplot)
    text = ['#include "base/embedded.h"', "#include <string.h>"]
    rows = []
    for number, (name, path) in enumerate(files):
        data = path.read_bytes()
        body = ",".join(map(str, data + b"\0"))
        text.append(f"static const unsigned char f{number}[] = {{{body}}};")
        rows.append(f'    {{"{name}", f{number}, {len(data)}, "{hashlib.sha256(data).hexdigest()}"}},')
    text.append("const EmbeddedFile embedded_files[] = {\n" + "\n".join(rows) + "\n    {NULL, NULL, 0, NULL},\n};")
    text.append(
        "const EmbeddedFile *embedded_find(const char *path) {\n"
        "    for (const EmbeddedFile *f = embedded_files; f->path != NULL; f++)\n"
        "        if (strcmp(f->path, path) == 0) return f;\n"
        "    return NULL;\n}"
    )
    out.write_text("\n".join(text) + "\n")
    depfile.write_text(f"{out}: " + " ".join(str(p) for p in [*(path for _, path in files), *folders]) + "\n")


main()
