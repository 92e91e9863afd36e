"""Programs under measurement: wall clock, CPU time and peak memory of one process, by wait4.

A process starts with the peak memory of the process that forked it, so the bench itself stays small: it imports neither DuckDB nor Arrow.
"""

import json
import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass


class Failed(Exception):
    """A program ended with an error, in a sentence."""


@dataclass
class Finished:
    seconds: float
    cpu_seconds: float
    peak_mib: float
    output: str

    def json(self):
        """The last line of the output, as the JSON object that it is."""
        return json.loads(self.output.strip().splitlines()[-1])


running = set()


def run(argv, env=None, stdin=None):
    """Runs a program to its end. Raises Failed with its last words when it does not exit with 0."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        child = subprocess.Popen(argv, stdin=stdin or subprocess.DEVNULL, stdout=out, stderr=err, env=env)
        usage = wait(child)
        seconds = time.perf_counter() - began
        output, errors = (read_back(f) for f in (out, err))
    if child.returncode != 0:
        raise Failed(f"{name_of(argv)} ended with {child.returncode}: {last_words(errors) or last_words(output) or 'it said nothing'}")
    return Finished(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


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
    """Ends a process that is still there: SIGTERM, and SIGKILL when that is not heard."""
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


def last_words(text):
    """The last line; of a line of a JSON log its message."""
    line = (text.strip().splitlines() or [""])[-1]
    try:
        line = json.loads(line)["message"].splitlines()[0]
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return line[:300]


def name_of(argv):
    """The program and its first word that is no option: `smelt ingest`."""
    words = [word for word in argv[1:] if not word.startswith("-") and "=" not in word and "/" not in word]
    return " ".join([os.path.basename(argv[0]), *words[:1]])
