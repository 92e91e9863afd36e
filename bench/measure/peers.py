"""What other teams would run instead of `smelt ingest`: each lands the same topic, from the start of its process to its end."""

import os
from dataclasses import dataclass

from measure import clickhouse, process
from measure.bench import PEERS
from measure.report import beside, cost, info, median
from measure.rounds import log_run, rate


@dataclass
class Landed:
    finished: process.Finished
    bytes: int


def size_of(path):
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(path) for name in names)


def dlt(bench):
    bench.forget("dlt.duckdb", "dlt.duckdb.dlt")
    python = os.path.join(os.environ["PEERS_VENV"], "bin", "python")
    done = process.run([python, os.path.join(PEERS, "dlt_landing.py"), bench.bootstrap, "events", bench.path("dlt.duckdb")], env=bench.environment())
    return Landed(done, size_of(bench.path("dlt.duckdb")))


def by_clickhouse(kind):
    def land(bench):
        done = clickhouse.ingest(bench, kind, bench.made["events"].json()["acknowledged"])
        return Landed(done, done.json()["bytes"])

    return land


OPENED = ("lang", "lang.invoke", "lang.reflect", "io", "net", "nio", "util", "util.concurrent", "util.concurrent.atomic", "time")
OPENED_INSIDE = ("sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar", "jdk.internal.ref")


def by_java(name, variable):
    """A class Landing with jars: bench/peers/NAME/Landing.java."""

    def land(bench):
        home, folder = os.environ[variable], bench.path(name)
        bench.forget(name)
        packages = [f"java.{package}" for package in OPENED] + list(OPENED_INSIDE)
        opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in packages]
        argv = ["java", "-Xmx1500m", *opened, "-cp", f"{home}/classes:{home}/libs/*", "Landing", bench.bootstrap, "events", folder]
        done = process.run(argv, env=bench.environment())
        return Landed(done, size_of(os.path.join(folder, "table")))

    return land


INGEST = {  # by name: the variable of .deps/env that says that it is installed, and what lands the topic
    "dlt": ("PEERS_VENV", dlt),
    "ClickHouse, raw": ("CLICKHOUSE", by_clickhouse("raw")),
    "ClickHouse, typed": ("CLICKHOUSE", by_clickhouse("typed")),
    "Spark": ("SPARK_PEER", by_java("spark", "SPARK_PEER")),
    "Flink": ("FLINK_PEER", by_java("flink", "FLINK_PEER")),
}


def ingest_round(bench, events):
    """Each of them once, by name."""
    landed = {}
    for name, (variable, land) in INGEST.items():
        if variable in os.environ:
            landed[name] = land(bench)
            log_run(name, events, landed[name].finished)
    return landed


def ingest_rows(events, smelts, smelt_bytes, landed):
    """One row for each; smelts and landed are of the same rounds."""
    for name in landed[0]:
        each = [one[name] for one in landed]
        ratio = median(rate(events, smelt) / rate(events, peer.finished) for smelt, peer in zip(smelts, each, strict=True))
        words = (f"{median(rate(events, peer.finished) for peer in each):,.0f} events/s, {median(peer.finished.cpu_seconds for peer in each) / events * 1e6:.2f} us "
                 f"of CPU, {max(peer.finished.peak_mib for peer in each):,.0f} MiB, {each[-1].bytes / events:.1f} bytes an event")  # fmt: skip
        theirs = cost([peer.finished for peer in each], bytes=each[-1].bytes / events)
        yield beside(info("ingest", f"ingest / {name}", ratio, "", words), f"ingest of {events:,} messages", name, cost(smelts, bytes=smelt_bytes / events), theirs)
