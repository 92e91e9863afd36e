#!/usr/bin/env python3
"""embed.py OUT.c DEPFILE ROOT UPLOT_DIR: writes the files of pipeline/, sql/, src/web/schemas/, ui/ and uPlot as C arrays, and their list as a depfile for Ninja."""
import gzip
import hashlib
import pathlib
import re
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


def version_of(files):
    """Another one when any file of the dashboards is another."""
    digest = hashlib.sha256()
    for name, path in files:
        if name.startswith("ui/"):
            digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


# A comment that is a line of its own; one behind code, when no quotation mark follows, so that it is in no text.
JS_COMMENT = re.compile(r"^[ \t]*//.*$|[ \t]//[ \t][^'\"`\n]*$", re.MULTILINE)
CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CSS_BLANKS = re.compile(r'("[^"]*")|[ \t]*([{};,])[ \t]*|(:) ')  # but not those within a text
MARGINS = re.compile(r"^[ \t]+|[ \t]+$", re.MULTILINE)  # no text of the dashboards spans lines


def without_comments(name, data):
    """A browser needs neither comments nor indentation, nor blanks in style sheets: a seventh of the bytes of the first page. Lines stay lines: places in errors are those of the source."""
    comment = {".js": JS_COMMENT, ".css": CSS_COMMENT}.get(pathlib.PurePath(name).suffix)
    if comment is None or not name.startswith("ui/") or "/vendor/" in name:
        return data
    text = comment.sub(lambda found: "\n" * found.group().count("\n"), data.decode())
    text = MARGINS.sub("", text)
    return (text if name.endswith(".js") else CSS_BLANKS.sub(lambda found: found[1] or found[2] or found[3], text)).encode()


def read(name, path, version):
    """Pages name what they are made of under the version: browsers then keep it for ever. Modules import each other by relative names."""
    data = without_comments(name, path.read_bytes())
    if not name.endswith(".html"):
        return data
    return re.sub(rb'(href|src)="/ui/([^"]+\.(?:js|css|svg))"', rb'\1="/ui/v-%s/\2"' % version.encode(), data)


def array(name, data):
    return f"static const unsigned char {name}[] = {{{','.join(map(str, data))}}};"


def main():
    out, depfile, root, uplot = map(pathlib.Path, sys.argv[1:5])
    files, folders = collect(root, uplot)
    version = version_of(files)
    text = ['#include "base/embedded.h"', "#include <string.h>", f'const char embedded_ui_version[] = "{version}";']
    rows = []
    for number, (name, path) in enumerate(files):
        data = read(name, path, version)
        packed = gzip.compress(data, 9, mtime=0) if name.startswith("ui/") else b""
        text.append(array(f"f{number}", data + b"\0"))
        if packed:
            text.append(array(f"z{number}", packed))
        gzipped = f"z{number}, {len(packed)}" if packed else "NULL, 0"
        rows.append(f'    {{"{name}", f{number}, {len(data)}, "{hashlib.sha256(data).hexdigest()}", {gzipped}}},')
    text.append("const EmbeddedFile embedded_files[] = {\n" + "\n".join(rows) + "\n    {NULL, NULL, 0, NULL, NULL, 0},\n};")
    text.append(
        "const EmbeddedFile *embedded_find(const char *path) {\n"
        "    for (const EmbeddedFile *f = embedded_files; f->path != NULL; f++)\n"
        "        if (strcmp(f->path, path) == 0) return f;\n"
        "    return NULL;\n}"
    )
    out.write_text("\n".join(text) + "\n")
    depfile.write_text(f"{out}: " + " ".join(str(p) for p in [*(path for _, path in files), *folders]) + "\n")


main()
