"""Measures a program: wall clock, CPU time and peak memory of one process, by wait4.

A process inherits the peak memory of the process that forked it, so this program stays small: it imports neither DuckDB nor Arrow.
"""

import json
import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field


class Failed(Exception):
    """A program failed; the message is one sentence."""


@dataclass
class Finished:
    seconds: float
    cpu_seconds: float
    peak_mib: float
    output: str
    errors: str = field(default="", repr=False)

    def json(self):
        """The last line of the output, parsed as JSON."""
        return json.loads(self.output.strip().splitlines()[-1])


running = set()


def run(argv, env=None, stdin=None):
    """Runs a program to its end. Raises Failed with its last line of output when the exit code is not 0."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        child = subprocess.Popen(argv, stdin=stdin or subprocess.DEVNULL, stdout=out, stderr=err, env=env)
        usage = wait(child)
        seconds = time.perf_counter() - began
        output, errors = (read_back(f) for f in (out, err))
    if child.returncode != 0:
        raise Failed(f"{name_of(argv)} ended with {child.returncode}: {last_line(errors) or last_line(output) or 'no output'}")
    return Finished(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output, errors)


def wait(child):
    running.add(child)
    try:
        _, status, usage = os.wait4(child.pid, 0)
    except BaseException:
        stop(child)
        raise
    finally:
        running.discard(child)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage


def stop(child):
    """Ends a process that still runs: SIGTERM, and SIGKILL after 10 s."""
    if child.poll() is not None:
        return
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(timeout=10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def read_back(file):
    file.seek(0)
    return file.read().decode(errors="replace")


def last_line(text):
    """The last line; if it is a JSON log line, its message."""
    line = (text.strip().splitlines() or [""])[-1]
    try:
        line = json.loads(line)["message"].splitlines()[0]
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return line[:300]


def name_of(argv):
    """The program and its first argument that is not an option: `smelt ingest`."""
    words = [word for word in argv[1:] if not word.startswith("-") and "=" not in word and "/" not in word]
    return " ".join([os.path.basename(argv[0]), *words[:1]])
