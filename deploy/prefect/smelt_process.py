"""Runs one `smelt` command as a child process: passes on its log lines, returns its summary, and never leaves the child running."""

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

# smelt ends within 5 s of a SIGTERM; Prefect kills this process 30 s after it sent SIGTERM.
GRACE_SECONDS = 10


def command(arguments: Sequence[str]) -> list[str]:
    """SMELT is the path of the binary if it is not on the PATH. With setpriv (util-linux), the kernel ends it when this process is killed."""
    guard = [found, "--pdeathsig", "TERM"] if (found := shutil.which("setpriv")) else []
    return [*guard, os.environ.get("SMELT", "smelt"), *arguments, "--json"]


def run(arguments: Sequence[str], on_line: Callable[[str], None], seconds: float) -> tuple[int, Json]:
    """Returns exit code and summary. Calls `on_line` with each log line as it is written. Stops the command after `seconds`."""
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
            start_new_session=True,  # a signal to this process group must not reach smelt too: end() sends it once
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
    """Sends SIGTERM to the whole process group, then SIGKILL. Does nothing when the process has ended."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def last_object(text: str) -> Json:
    """The summary; empty when smelt was killed or its options were wrong."""
    lines = text.strip().splitlines()
    return json.loads(lines[-1]) if lines else {}
