"""One `smelt` command as a child process: its log lines while it runs, its summary at the end, and no child left whatever happens to us."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from typing import Any

Json = dict[str, Any]

# smelt ends within 5 s of a SIGTERM; Prefect kills this process 30 s after its own.
GRACE_SECONDS = 10


def command(arguments: Sequence[str]) -> list[str]:
    """SMELT names the binary where it is not on the PATH. With setpriv (of every Debian) the kernel ends it when this process is killed."""
    guard = [found, "--pdeathsig", "TERM"] if (found := shutil.which("setpriv")) else []
    return [*guard, os.environ.get("SMELT", "smelt"), *arguments, "--json"]


def run(arguments: Sequence[str], on_line: Callable[[str], None], seconds: float) -> tuple[int, Json]:
    """Exit code and summary. `on_line` gets each line of the log as it is written. After so many seconds it is ended."""
    environment = os.environ | {"SMELT_LOG_FORMAT": "json"}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as summary:
        process = subprocess.Popen(
            command(arguments),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=summary,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # a signal to our group is for us: we pass it on, once
        )
        expired = threading.Event()
        deadline = threading.Timer(seconds, lambda: (expired.set(), end(process)))
        deadline.start()
        try:
            with process.stderr as lines:
                for line in lines:
                    on_line(line.rstrip("\n"))
            code = process.wait()
        finally:
            deadline.cancel()
            end(process)
        if expired.is_set():
            return code, {"error": {"message": f"stopped after {seconds:g} s"}}
        summary.seek(0)
        return code, last_object(summary.read())


def end(process: subprocess.Popen[str]) -> None:
    """Asked first, then killed: the whole group. Nothing to do when it has ended."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def last_object(text: str) -> Json:
    """The summary; empty when there is none: it was killed, or did not understand its options."""
    lines = text.strip().splitlines()
    return json.loads(lines[-1]) if lines else {}
