"""Measures how fast the binary starts, and how soon the server is ready."""

import http.client
import socket
import subprocess
import time

from measure import process
from measure.report import at_most, median, say


def start(bench):
    say("starts")
    versions = [process.run([bench.smelt_path, "--version"]).seconds for _ in range(20)]
    yield at_most("start", "smelt --version", median(versions) * 1e3, 10, "ms", "median of 20")
    bench.produce(20_000, "none", "--days", "30", "--out", bench.path("few.jsonl"), subscribers=1000)
    bench.smelt("ingest", "--from", bench.path("few.jsonl"), lake="small-lake")
    for step in ("refine", "publish"):
        bench.smelt(step, lake="small-lake")
    ready = [seconds_until_ready(bench, "small-lake") for _ in range(10)]
    yield at_most("start", "serve answers /readyz", median(ready) * 1e3, 300, "ms", "median of 10")
    bench.forget("few.jsonl", "small-lake")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def seconds_until_ready(bench, lake):
    """Seconds from the start of `smelt serve` to its first successful answer."""
    port = free_port()
    argv = bench.smelt_argv("serve", lake=lake, settings=[f"http.listen=127.0.0.1:{port}"])
    began = time.perf_counter()
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=bench.environment())
    try:
        while not answers(port):
            if server.poll() is not None or time.perf_counter() - began > 10:
                raise process.Failed("smelt serve is not ready after 10 s, or has ended")
            time.sleep(0.001)
        return time.perf_counter() - began
    finally:
        process.stop(server)
