"""Ingest from a file: each line a message, with the same ledger, and no broker."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Running, Smelt, events, eventually


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def write(path: Path, lines: list[bytes], mode: str = "wb") -> None:
    with path.open(mode) as file:
        file.writelines(line + b"\n" for line in lines)


def test_each_line_lands_once(offline: Smelt, source: Path) -> None:
    write(source, [*events(0, 300), b"", b"rubbish", *events(0, 10)])
    done = offline("ingest", "--from", source)
    assert (done["landed"], done["duplicates"], done["rejected"]) == (300, 10, 2)
    assert done["partitions"][0]["topic"] == f"file:{source.resolve()}"
    again = offline("ingest", "--from", source)
    assert again["landed"] == again["duplicates"] == again["rejected"] == 0
    assert offline.audit()["offsets"] == 312
    assert offline.rows("SELECT kafka_offset, reason FROM bronze_rejects ORDER BY ALL") == [(300, "empty"), (301, "not_json")]


def test_the_rest_of_an_unfinished_line_is_read_later(offline: Smelt, source: Path) -> None:
    """Another process may have written half of it; a whole event needs no newline at its end."""
    *whole, last = events(0, 10)
    for cut in (1, len(last) // 2, len(last) - 1):
        write(source, whole)
        with source.open("ab") as file:
            file.write(b"1763633600123\t" + last[:cut])
        smelt_counts = [offline("ingest", "--from", source)[key] for key in ("landed", "rejected")]
        assert smelt_counts in ([9, 0], [0, 0])
        said = offline.run("ingest", "--from", source, json_summary=False)
        assert said.code == 0 and f"line 10 of {source}, the last one, is JSON that is cut off: it was not read" in said.stderr, said
    with source.open("ab") as file:
        file.write(last[cut:])
    assert offline("ingest", "--from", source)["landed"] == 1
    with source.open("ab") as file:
        file.write(b"\nrubbish")
    assert offline("ingest", "--from", source)["rejected"] == 1
    assert offline.audit()["offsets"] == 11


def test_a_second_file_is_not_passed_over(offline: Smelt, source: Path) -> None:
    """The last one was read, and the command ended as if all were well."""
    write(source, events(0, 3))
    for command, option in ((("ingest",), "--from"), (("ingest", "--from", str(source)), "--topic"), (("contract", "infer"), "--file"), (("contract", "infer"), "--topic")):
        result = offline.run(*command, option, source, option, "other", json_summary=False)
        assert result.code == 64 and f"{option} was given twice" in result.stderr, result


def test_a_truncated_file_is_refused(offline: Smelt, source: Path) -> None:
    write(source, events(0, 100))
    offline("ingest", "--from", source)
    write(source, events(0, 40))
    result = offline.run("ingest", "--from", source)
    assert result.code == 65 and "40" in result.error and "100" in result.error
    assert offline.audit()["landed"] == 100


def test_an_emptied_file_is_refused(offline: Smelt, source: Path) -> None:
    write(source, events(0, 100))
    offline("ingest", "--from", source)
    write(source, [])
    assert offline.run("ingest", "--from", source).code == 65
    assert offline.audit()["landed"] == 100


def test_another_file_under_the_same_name_is_refused_until_it_is_accepted(offline: Smelt, source: Path) -> None:
    write(source, events(0, 100))
    offline("ingest", "--from", source)
    write(source, events(500, 200))
    assert offline.run("ingest", "--from", source).code == 65
    assert offline("ingest", "--from", source, "--new-epoch")["landed"] == 200
    assert offline.audit()["landed"] == 300


LANDED = "SELECT count(*) FROM bronze_raw_events"


def test_follow_reads_what_is_written_and_waits_for_the_end_of_a_line(offline: Smelt, source: Path) -> None:
    write(source, events(0, 10))
    running = offline.start("ingest", "--from", source, "--follow", "--set", "ingest.commit_interval=10ms")
    eventually("the first ten landed", lambda: offline.peek(LANDED) == 10)
    line, *more = events(10, 6)
    with source.open("ab", buffering=0) as file:
        for part in (line[:30], line[30:90], line[90:]):
            file.write(part)
            before = bytes_read(running)
            eventually("it has read the half line", lambda: bytes_read(running) >= before + source.stat().st_size)
        assert eventually("a whole copy of the lake", lambda: offline.peek("SELECT sum(next_offset) FROM ledger_partitions")) == 10
        file.write(b"\n")
    write(source, more, "ab")
    eventually("the others landed", lambda: offline.peek(LANDED) == 16)
    result = running.end()
    assert result.code == 0 and (result.summary["landed"], result.summary["rejected"]) == (16, 0)
    assert offline.audit()["landed"] == 16


def bytes_read(running: Running) -> int:
    """By a process, of all files; one that follows a file reads its unfinished line again each time."""
    return int(Path(f"/proc/{running.process.pid}/io").read_text().split()[1])


@pytest.mark.parametrize("how", ["truncated", "replaced", "removed"])
def test_follow_notices_that_its_file_is_another(offline: Smelt, source: Path, how: str) -> None:
    write(source, events(0, 100))
    running = offline.start("ingest", "--from", source, "--follow")
    eventually("the first landed", lambda: offline.peek(LANDED) == 100)
    if how == "truncated":
        write(source, [])
    elif how == "removed":
        source.unlink()
    else:
        write(source.with_suffix(".new"), events(500, 300))
        os.replace(source.with_suffix(".new"), source)
    result = running.wait()
    assert result.code == 65 and str(source) in result.error
    assert offline.audit()["landed"] == 100


def test_a_file_that_is_not_there(offline: Smelt, source: Path) -> None:
    result = offline.run("ingest", "--from", source)
    assert result.code == 65 and str(source) in result.error


@pytest.mark.parametrize("stamp", [b"", b"1763633600123\t"])
def test_a_byte_order_mark_is_no_part_of_the_first_event(offline: Smelt, source: Path, stamp: bytes) -> None:
    first, second, third = events(0, 3)
    source.write_bytes(b"\xef\xbb\xbf" + stamp + first)  # without a newline
    assert offline("ingest", "--from", source)["landed"] == 1
    write(source, [b"", second, b"\xef\xbb\xbf" + third], mode="ab")
    done = offline("ingest", "--from", source)
    assert (done["landed"], done["rejected"]) == (1, 1)  # elsewhere it is no JSON
    infer = offline("contract", "infer", "--file", source)
    assert infer["messages"] == 2


def tarred(content: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        member = tarfile.TarInfo("events.jsonl")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return made.getvalue()


def zipped(content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("events.jsonl", content)
    return made.getvalue()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_named(offline: Smelt, source: Path, encoding: str) -> None:
    source.write_bytes("".join("\ufeff" + one.decode() + "\r\n" for one in events(0, 2)).encode(encoding))
    result = offline.run("ingest", "--from", source)
    assert result.code == 65 and "is UTF-16 text, expected UTF-8" in result.error, result


@pytest.mark.parametrize(
    ("pack", "says"), [(gzip.compress, "compressed with gzip"), (bz2.compress, "compressed with bzip2"), (lzma.compress, "compressed with xz"), (zipped, "a ZIP file"), (tarred, "a tar archive: unpack it first")]
)
def test_what_holds_no_lines_is_named(offline: Smelt, source: Path, pack: Callable[[bytes], bytes], says: str) -> None:
    source.write_bytes(pack(b"\n".join(events(0, 2))))
    result = offline.run("ingest", "--from", source)
    assert result.code == 65 and f"{source} is {says}" in result.error, result


def as_list(lines: bytes) -> bytes:
    return b"[" + b",".join(lines.split(b"\n")) + b"]"


def pretty(lines: bytes) -> bytes:
    return json.dumps([json.loads(line) for line in lines.split(b"\n")], indent=1).encode()


OTHER_FORMS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "csv": (lambda _: b"id,name\n1,a\n2,b\n", "looks like a table of text (CSV)"),
    "semicolons": (lambda _: b'"id";"name"\r\n1;a\r\n', "looks like a table of text (CSV)"),
    "xml": (lambda _: b'<?xml version="1.0"?>\n<events>\n</events>\n', "is XML or HTML"),
    "html": (lambda _: b"\n  <!doctype html><title>Sign in</title>", "is XML or HTML"),
    "picture": (lambda _: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is a picture"),
    "bytes": (lambda _: bytes(range(1, 256)) + bytes(9), "holds bytes that are no text"),
    "utf-16": (lambda lines: lines.decode().encode("utf-16-le"), "is UTF-16 text, expected UTF-8"),
    "list": (as_list, "is a JSON list"),
    "pretty list": (pretty, "has JSON that goes over several lines"),
    "pretty object": (lambda lines: json.dumps(json.loads(lines.split(b"\n")[0]), indent=2).encode(), "has JSON that goes over several lines"),
    "numbers": (lambda _: b"1\n2\n3\n", "has JSON that is no object"),
    "log": (lambda _: b"started\nended\n", "has no JSON in its first lines"),
}


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_a_file_without_a_line_of_json_is_refused_by_its_form(offline: Smelt, source: Path, form: str) -> None:
    """Each of its lines would be a reject, and the command would end with 0."""
    make, says = OTHER_FORMS[form]
    source.write_bytes(make(b"\n".join(events(0, 3))))
    for command in (("ingest", "--from"), ("contract", "infer", "--file")):
        result = offline.run(*command, source)
        assert result.code == 65 and says in result.error and "expected" in result.error, result


def test_one_line_of_json_makes_a_file_of_lines(offline: Smelt, source: Path) -> None:
    source.write_bytes(b"no json\n{broken\n" + b"\n".join(events(0, 1)) + b"\n<x/>\n")
    assert (offline("ingest", "--from", source)["landed"], offline.audit()["rejected"]) == (1, 3)


def test_an_empty_file_is_no_error_and_named(offline: Smelt, source: Path) -> None:
    source.write_bytes(b"")
    result = offline.run("ingest", "--from", source)
    assert (result.code, result.summary["landed"]) == (0, 0) and f"{source} is empty" in result.stderr


def test_what_can_be_read_once_alone_is_refused(offline: Smelt) -> None:
    """A file is read more than once: its lines are counted, and it is read on where an earlier run ended."""
    offline("produce", "-n", "5", "--out", "events.jsonl")
    os.mkfifo(offline.folder / "pipe")
    for given, says in (("pipe", "a named pipe"), ("-", "standard input"), (".", "a folder"), ("/dev/null", "a device"), ("nope", "No such file")):
        result = offline.run("ingest", "--from", given, seconds=20)
        assert result.code == 65 and says in result.error, (given, result)
        assert says == "No such file" or "write it to a file" in result.error or says == "a folder", result
    script = f"cat events.jsonl | {offline.binary} ingest --json --from /dev/stdin"
    done = subprocess.run(["bash", "-c", script], env=offline.env, cwd=offline.folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 65 and "write it to a file" in done.stdout, done
    assert offline("ingest", "--from", "events.jsonl")["landed"] == 5
