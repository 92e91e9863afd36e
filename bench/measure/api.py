"""Answers over HTTP: requests a second, latency, and the server's CPU, beside FastAPI + DuckDB on the same Gold. Needs wrk, on the same cores."""

import os
import re
from dataclasses import dataclass

from measure import process
from measure.bench import PEERS
from measure.ingest import fill_topic
from measure.report import at_least, at_most, beside, info, median, say
from measure.rounds import rounds
from measure.server import Server
from measure.start import free_port

SECONDS = 5
ROWS = {"one subscriber": ("/api/v1/subscribers/", True), "a page of 50": ("/api/v1/subscribers?limit=50", False), "the overview": ("/api/v1/overview", False)}


@dataclass
class Load:
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float


def load(server, path, count):
    """Asks as fast as it can, by 16 connections. With a count, path is completed by a random id below it."""
    before = server.cpu_seconds()
    done = process.run(["wrk", "-t1", "-c16", f"-d{SECONDS}s", "-s", os.path.join(PEERS, "ids.lua"), server.url("")],
                       env=os.environ | {"PREFIX": path, "COUNT": str(count)})
    found = re.search(r"DONE (\d+) (\d+) ([\d.]+) ([\d.]+) (\d+)", done.output)
    if found is None or int(found[5]) > 0:
        raise process.Failed(f"wrk of {path}: {process.last_line(done.output)}")
    requests, microseconds = int(found[1]), int(found[2])
    return Load(requests / microseconds * 1e6, float(found[3]), float(found[4]), (server.cpu_seconds() - before) / requests * 1e3)


RATE = 2000


@dataclass
class Fixed:
    """Milliseconds from when an answer was due; of the first seconds of a server that is ready, and of those behind them."""

    first_ms: float
    p50_ms: float
    p99_ms: float
    worst_ms: float


def at_fixed_rate(bench, server):
    """One subscriber after the other at a fixed rate, whatever the server does: (50, 99 of 100, all) of the times."""
    done = process.run([bench.path("fixed_rate"), str(server.port), str(RATE), str(SECONDS), "64", "/api/v1/subscribers/", str(bench.options.subscribers - 1)])
    answers, failed, p50, _, p99, _, worst = map(float, done.output.split())
    if failed > 0 or answers < RATE * SECONDS:
        raise process.Failed(f"{failed:.0f} of {answers:.0f} answers at {RATE:,} requests/s failed")
    return p50, p99, worst


def fixed_rate(bench):
    with serve(bench) as server:
        _, first, _ = at_fixed_rate(bench, server)
        p50, p99, worst = at_fixed_rate(bench, server)
    say(f"  one subscriber at {RATE:,} requests/s: p50 {p50:.2f} ms, p99 {p99:.2f} ms, worst {worst:.1f} ms; p99 of the first {SECONDS} s {first:.2f} ms")
    return Fixed(first, p50, p99, worst)


def make_lake(bench):
    fill_topic(bench)
    bench.forget("served")
    for step in ("ingest", "refine", "train", "score", "publish"):
        bench.smelt(step, lake="served")


def serve(bench):
    port = free_port()
    argv = bench.smelt_argv("serve", lake="served", settings=[f"http.listen=127.0.0.1:{port}"])
    return Server(argv, bench.environment(), port, "/readyz")


MAKE_PEER = """
import sys, duckdb
lake, to = sys.argv[1:]
con = duckdb.connect(to)
con.execute(f"ATTACH '{lake}' AS lake (READ_ONLY)")
con.execute("CREATE TABLE subscribers AS SELECT * FROM lake.gold_subscriber_features JOIN lake.subscriber_scores USING (subscriber_id)")
con.execute("CREATE UNIQUE INDEX ids ON subscribers (subscriber_id)")
"""


def serve_peer(bench):
    venv = os.environ["PEERS_VENV"]
    port = free_port()
    if not os.path.exists(bench.path("api.duckdb")):
        process.run([os.path.join(venv, "bin", "python"), "-c", MAKE_PEER, bench.path("served", "lake.duckdb"), bench.path("api.duckdb")])
    argv = [os.path.join(venv, "bin", "uvicorn"), "fastapi_duckdb:app", "--app-dir", PEERS, "--port", str(port), "--no-access-log", "--log-level", "error"]
    return Server(argv, bench.environment() | {"DATABASE": bench.path("api.duckdb")}, port, "/subscribers/none")


def log_load(what, load):
    say(f"  {what:32} {load.per_second:8,.0f} requests/s  p50 {load.p50_ms:7.2f} ms  p99 {load.p99_ms:7.2f} ms  {load.cpu_ms:7.3f} ms of CPU each")
    return load


def api_round(bench):
    loads = {}
    subscribers = bench.options.subscribers - 1
    with serve(bench) as server:
        for what, (path, by_id) in ROWS.items():
            loads[what] = log_load(what, load(server, path, subscribers if by_id else 0))
    if bench.options.peers:
        with serve_peer(bench) as server:
            loads["FastAPI: one subscriber"] = log_load("FastAPI: one subscriber", load(server, "/subscribers/", subscribers))
            loads["FastAPI: a page of 50"] = log_load("FastAPI: a page of 50", load(server, "/subscribers?limit=50", 0))
    return loads


def words(loads, what):
    return (f"{median(one[what].per_second for one in loads):,.0f} requests/s, p50 {median(one[what].p50_ms for one in loads):.1f} ms, "
            f"p99 {median(one[what].p99_ms for one in loads):.1f} ms, 16 connections")


def cost_of(loads, what):
    """Of a request."""
    return {"seconds": median(1 / one[what].per_second for one in loads), "cpu": median(one[what].cpu_ms / 1e3 for one in loads)}


LIMITS_MS = {"one subscriber": 0.3, "a page of 50": 2, "the overview": 0.05}


def api(bench):
    make_lake(bench)
    loads = []
    for number in rounds(bench):
        say(f"answers over HTTP, round {number} of {bench.options.rounds}")
        loads.append(api_round(bench))
    fixed = [fixed_rate(bench) for _ in rounds(bench)]
    words_of_rate = f"p50 {median(one.p50_ms for one in fixed):.2f} ms, worst {median(one.worst_ms for one in fixed):.1f} ms; of the first {SECONDS} s {median(one.first_ms for one in fixed):.2f} ms"
    yield at_most("api", f"one subscriber at {RATE:,} requests/s: 99 of 100", median(one.p99_ms for one in fixed), 5, "ms", words_of_rate)
    for what, limit in LIMITS_MS.items():
        yield at_most("api", f"CPU of {what}", median(one[what].cpu_ms for one in loads), limit, "ms", words(loads, what))
    if bench.options.peers:
        ratio = median(one["one subscriber"].per_second / one["FastAPI: one subscriber"].per_second for one in loads)
        row = at_least("api", "one subscriber: requests/s / FastAPI + DuckDB", ratio, 20, "", words(loads, "FastAPI: one subscriber"))
        yield beside(row, "one subscriber by id", "FastAPI + DuckDB", cost_of(loads, "one subscriber"), cost_of(loads, "FastAPI: one subscriber"))
        ratio = median(one["a page of 50"].per_second / one["FastAPI: a page of 50"].per_second for one in loads)
        yield info("api", "a page of 50: requests/s / FastAPI + DuckDB", ratio, "", words(loads, "FastAPI: a page of 50"))
    bench.forget("served", "api.duckdb")
