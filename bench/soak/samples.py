"""One sample of a running `smelt up`: from /proc, the lake's files, its metrics, and the readers."""

import dataclasses
import os
import re
import urllib.request
from dataclasses import dataclass

from measure.report import say

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Sample:
    seconds: float  # since the load began
    memory_mib: float  # resident
    anonymous_mib: float  # of it, what no file backs
    descriptors: int
    threads: int
    cpu_seconds: float
    events: float  # offsets that landed since the process began
    lag: float  # events in Kafka that have not
    lake_mib: float
    wal_mib: float
    folder_mib: float  # all of data.dir: snapshots, models, temporary files
    median_ms: float  # of the readers' requests
    p99_ms: float


def mib(path):
    try:
        return os.stat(path).st_size / 2**20
    except FileNotFoundError:
        return 0.0


def folder_mib(folder):
    return sum(mib(os.path.join(where, name)) for where, _, names in os.walk(folder) for name in names)


def of_proc(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        status = dict(line.split(":", 1) for line in file)
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        user, system = map(int, file.read().rsplit(")", 1)[1].split()[11:13])
    kib = {name: int(status[name].split()[0]) for name in ("VmRSS", "RssAnon")}
    return kib["VmRSS"] / 1024, kib["RssAnon"] / 1024, int(status["Threads"]), (user + system) / TICKS


def metric(text, name):
    """The sum over all labels."""
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? ([-+0-9.e]+)$", text, re.MULTILINE))


def percentile(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3 if ordered else 0.0


def take(lake, pid, port, seconds, latencies):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    memory, anonymous, threads, cpu = of_proc(pid)
    return Sample(
        seconds=seconds,
        memory_mib=memory,
        anonymous_mib=anonymous,
        descriptors=len(os.listdir(f"/proc/{pid}/fd")),
        threads=threads,
        cpu_seconds=cpu,
        events=metric(text, "smelt_bronze_offsets_total"),
        lag=metric(text, "smelt_partition_lag_events"),
        lake_mib=mib(os.path.join(lake, "lake.duckdb")),
        wal_mib=mib(os.path.join(lake, "lake.duckdb.wal")),
        folder_mib=folder_mib(lake),
        median_ms=percentile(latencies, 0.5),
        p99_ms=percentile(latencies, 0.99),
    )


def say_one(taken, length):
    now = taken[-1]
    if len(taken) % 12 == 0:
        say(f"{now.seconds / 60:.0f} of {length / 60:.0f} min, {now.events:,.0f} events, {now.memory_mib:.0f} MiB, p99 {now.p99_ms:.0f} ms")


def write(path, taken):
    names = [field.name for field in dataclasses.fields(Sample)]
    with open(path, "w", encoding="ascii") as file:
        print(*names, sep="\t", file=file)
        for sample in taken:
            print(*(f"{getattr(sample, name):.6g}" if name != "events" else f"{sample.events:.0f}" for name in names), sep="\t", file=file)
