"""The same load and probes on a ClickHouse that follows the topic by its Kafka engine: no scores, no snapshots, no other readers."""

import time

from soak import samples

from measure import process
from measure.clickhouse_lake import Resident
from measure.probes import RATE, WARM_UP_S, probe_for, start_load
from measure.report import info

FLUSH_MS = 500
TOPIC = "live-clickhouse"


def measure(bench, server):
    """The probes, and the cores that the server used."""
    load = start_load(bench, TOPIC)
    try:
        time.sleep(WARM_UP_S)
        began, before = time.monotonic(), server.cpu_seconds()
        probes = probe_for(bench, TOPIC, server.shows, "C")
        return probes, (server.cpu_seconds() - before) / (time.monotonic() - began)
    finally:
        process.stop(load)
        process.running.discard(load)


def live(bench, smelts):
    """smelts(SHARE): a percentile of `smelt up` with probes alone, in milliseconds."""
    file = bench.path("live.jsonl")
    bench.produce(bench.options.live_history, "none", "--days", "30", "--out", file)
    bench.produce(10, TOPIC)
    with Resident(bench, "clickhouse-live", TOPIC, FLUSH_MS) as server:
        server.load(file)
        bench.forget("live.jsonl")
        probes, cores = measure(bench, server)
        mib = server.peak_mib()
    median, late = samples.percentile(probes, 0.5), samples.percentile(probes, 0.99)
    what = f"{RATE:,} events/s, probes alone: ClickHouse, flush of {FLUSH_MS} ms"
    yield info("live", f"{what}: event to visible by id, median", median, "ms", f"99 of 100: {late:.0f} ms, worst {probes[-1] * 1e3:.0f} ms, {len(probes)} probes")
    yield info("live", f"{what}: CPU", cores, "cores", f"{mib:,.0f} MiB; no scores")
    yield info("live", f"{what}: its median / that of smelt up", median / smelts(0.5), "", f"99 of 100: {late / smelts(0.99):.2f}")
    bench.forget("clickhouse-live")
    bench.delete_topic(TOPIC)
