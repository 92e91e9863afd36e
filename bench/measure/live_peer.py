"""The same load and probes on a ClickHouse that follows the topic by its Kafka engine: no scores, no snapshots, no other readers."""

import time

from soak import samples

from measure import process
from measure.clickhouse_lake import Resident
from measure.probes import WARM_UP_S, probe_for, start_load
from measure.report import beside, info

FLUSH_MS = 500
TOPIC = "live-clickhouse"


def measure(bench, server, rate):
    """The probes, and the cores that the server used."""
    load = start_load(bench, TOPIC, rate)
    try:
        time.sleep(WARM_UP_S)
        began, before = time.monotonic(), server.cpu_seconds()
        probes = probe_for(bench, TOPIC, server.shows, "C")
        return probes, (server.cpu_seconds() - before) / (time.monotonic() - began)
    finally:
        process.stop(load)
        process.running.discard(load)


def live(bench, rate, smelt):
    """smelt: what was measured of `smelt up` with probes alone."""
    file = bench.path("live.jsonl")
    bench.produce(bench.options.live_history, "none", "--days", "30", "--out", file)
    bench.produce(10, TOPIC)
    with Resident(bench, "clickhouse-live", TOPIC, FLUSH_MS) as server:
        server.load(file)
        bench.forget("live.jsonl")
        probes, cores = measure(bench, server, rate)
        mib = server.peak_mib()
    median, late = samples.percentile(probes, 0.5), samples.percentile(probes, 0.99)
    what = f"{rate:,} events/s, probes alone: ClickHouse, flush of {FLUSH_MS} ms"
    yield info("live", f"{what}: event to visible by id, median", median, "ms", f"99 of 100: {late:.0f} ms, worst {probes[-1] * 1e3:.0f} ms, {len(probes)} probes")
    yield info("live", f"{what}: CPU", cores, "cores", f"{mib:,.0f} MiB; no scores")
    row = info("live", f"{what}: its median / that of smelt up", median / smelt.percentile(0.5), "", f"99 of 100: {late / smelt.percentile(0.99):.2f}")
    task = f"event to visible by id, median, {rate:,} events/s on {bench.options.live_history:,}"
    ours = {"seconds": smelt.percentile(0.5) / 1e3, "cores": smelt.cores, "mib": smelt.mib, "late": smelt.percentile(0.99) / 1e3}
    yield beside(row, task, f"ClickHouse, flush of {FLUSH_MS} ms", ours, {"seconds": median / 1e3, "cores": cores, "mib": mib, "late": late / 1e3})
    bench.forget("clickhouse-live")
    bench.delete_topic(TOPIC)
