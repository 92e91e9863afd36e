"""A server as a process of its own: started, awaited, its CPU and memory by /proc, stopped."""

import os
import subprocess
import time
import urllib.error
import urllib.request

from measure import process


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


class Server:
    """A running server; use as a context manager."""

    def __init__(self, argv, env, port, ready):
        self.port = port
        self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
        process.running.add(self.child)
        self.wait_for(self.url(ready))

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def wait_for(self, url):
        until = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(url, timeout=2).read()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                if time.monotonic() > until or self.child.poll() is not None:
                    raise process.Failed(f"{url} does not answer") from None
                time.sleep(0.01)

    def cpu_seconds(self):
        return cpu_seconds(self.child.pid)

    def peak_mib(self):
        return peak_mib(self.child.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        process.stop(self.child)
        process.running.discard(self.child)
