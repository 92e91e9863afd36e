"""`smelt up` under a steady load: how long an event takes until the API shows it, how long nothing lands, and how much CPU it needs.

A probe asks GET by id. Publishing, with scores, goes on meanwhile, and readers ask gently.
"""

import contextlib
import http.client
import subprocess
import time

from soak import readers, samples

from measure import clickhouse, live_peer, process
from measure.probes import WARM_UP_S, probe_for, start_load
from measure.report import at_most, info, say
from measure.start import answers, free_port

RATES = 2_000, 10_000
CORES_WANTED = {2_000: 0.25}
READERS = 16


class Up:
    """A running `smelt up` on a history that has a model, scores and a snapshot."""

    def __init__(self, bench, *settings, lake="lake", topic="live"):
        self.bench, self.port, self.log = bench, free_port(), bench.path(f"{topic}.log")
        argv = bench.smelt_argv("up", lake=lake, topic=topic, settings=[f"http.listen=127.0.0.1:{self.port}", *settings])
        self.child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=open(self.log, "ab"), env=bench.environment())
        process.running.add(self.child)
        until = time.monotonic() + 300
        while not answers(self.port):
            if self.child.poll() is not None or time.monotonic() > until:
                raise process.Failed("smelt up is not ready")
            time.sleep(0.05)

    def usage(self):
        """MiB that are resident, seconds of CPU."""
        resident, _, _, seconds = samples.of_proc(self.child.pid)
        return resident, seconds

    def end(self):
        process.stop(self.child)
        process.running.discard(self.child)
        if self.child.returncode != 0:
            raise process.Failed(f"smelt up ended with {self.child.returncode}: {process.last_line(open(self.log, encoding='utf-8').read())}")


def make_history(bench):
    say(f"making a history of {bench.options.live_history:,} events")
    bench.produce(bench.options.live_history, "live", "--days", "30", *bench.faults)
    for step in ("ingest", "refine", "train", "score", "publish"):
        bench.smelt(step, topic="live")


def shows_on(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def shows(subscriber):
        connection.request("GET", f"/api/v1/subscribers/{subscriber}")
        answer = connection.getresponse()
        answer.read()
        return answer.status == 200

    return shows


@contextlib.contextmanager
def loaded(bench, rate):
    """`smelt up` while so many events come each second."""
    up, load = Up(bench, f"up.publish_interval={bench.options.publish_interval}"), start_load(bench, "live", rate)
    try:
        yield up
    finally:
        process.stop(load)
        process.running.discard(load)
        up.end()


def cores_without_requests(bench, rate):
    with loaded(bench, rate) as up:
        time.sleep(WARM_UP_S)
        began, (_, before) = time.time(), up.usage()
        time.sleep(bench.options.live_seconds)
        return (up.usage()[1] - before) / (time.time() - began)


class Load:
    """What was measured while events came."""

    def __init__(self, bench, rate, readers_count):
        name = f"{rate}-{readers_count}"
        with loaded(bench, rate) as up:
            group = readers.Group(up.port, readers_count)
            try:
                time.sleep(WARM_UP_S)
                began, (_, before) = time.time(), up.usage()
                self.probes = probe_for(bench, "live", shows_on(up.port), name)
                ended, (self.mib, after) = time.time(), up.usage()
            finally:
                group.stop()
        if group.failed:
            raise process.Failed(f"{len(group.failed)} requests failed; the first: {group.failed[0]}")
        self.cores = (after - before) / (ended - began)
        self.gaps = sorted(bench.python("commits.py", bench.path("lake", "lake.duckdb"), began, ended).json())

    def percentile(self, share):
        return samples.percentile(self.probes, share)


def live(bench):
    alone = {}
    for rate in RATES:  # each on a history of its own: the load of one would be the history of the next
        make_history(bench)
        with_readers, alone[rate] = Load(bench, rate, READERS), Load(bench, rate, 0)
        yield from rows_of(bench, rate, with_readers, alone[rate])
        if rate in CORES_WANTED:
            yield at_most("live", f"{rate:,} events/s, no requests: CPU", cores_without_requests(bench, rate), CORES_WANTED[rate], "cores", "refined each second")
        bench.forget("lake")
        bench.delete_topic("live")
    if clickhouse.is_measured(bench):
        for rate in RATES:
            yield from live_peer.live(bench, rate, alone[rate])


def rows_of(bench, rate, with_readers, alone):
    what = f"{rate:,} events/s on {bench.options.live_history:,}, {READERS} readers"
    count = f"{len(with_readers.probes)} probes"
    yield at_most("live", f"{what}: event to visible by id, median", with_readers.percentile(0.5), 300, "ms", count)
    yield at_most("live", f"{what}: the same, 99 of 100", with_readers.percentile(0.99), 1000, "ms", count)
    yield at_most("live", f"{what}: the same, worst", with_readers.probes[-1] * 1e3, 2000, "ms", count)
    yield info("live", f"{what}: longest time without a commit", with_readers.gaps[-1] * 1e3, "ms", f"{len(with_readers.gaps):,} commits")
    yield info("live", f"{what}: CPU", with_readers.cores, "cores", f"{with_readers.mib:.0f} MiB")
    yield info("live", f"{rate:,} events/s, probes alone: CPU", alone.cores, "cores", f"{alone.mib:.0f} MiB")
    yield info("live", f"{rate:,} events/s, probes alone: event to visible by id, median", alone.percentile(0.5), "ms",
               f"99 of 100: {alone.percentile(0.99):.0f} ms, worst {alone.probes[-1] * 1e3:.0f} ms, {len(alone.probes)} probes")  # fmt: skip
