"""`smelt up` under a steady load: how long an event takes until the API shows it, how long nothing lands, and how much CPU it needs.

A probe is two events of a new subscriber; its time is from before they are sent until GET by id has them. Publishing, with scores, goes on
meanwhile, and readers ask gently.
"""

import http.client
import json
import random
import subprocess
import time

from confluent_kafka import Producer
from soak import readers, samples

from measure import process
from measure.report import at_most, info, say
from measure.start import answers, free_port

RATE = 2000
READERS = 16
POLL_S = 0.02
WARM_UP_S = 15


class Up:
    """A running `smelt up` on a history that has a model, scores and a snapshot."""

    def __init__(self, bench, *settings):
        self.bench, self.port = bench, free_port()
        argv = bench.smelt_argv("up", topic="live", settings=[f"http.listen=127.0.0.1:{self.port}", *settings])
        self.child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=open(bench.path("up.log"), "ab"), env=bench.environment())
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
            raise process.Failed(f"smelt up ended with {self.child.returncode}: {process.last_line(open(self.bench.path('up.log'), encoding='utf-8').read())}")


def make_history(bench):
    say(f"making a history of {bench.options.live_history:,} events")
    bench.produce(bench.options.live_history, "live", "--days", "30", *bench.faults)
    for step in ("ingest", "refine", "train", "score", "publish"):
        bench.smelt(step, topic="live")


def start_load(bench):
    piece = str(RATE // 10)
    pace = ("--stream", "--min-events", piece, "--max-events", piece, "--min-wait", "100ms", "--max-wait", "100ms")
    argv = bench.smelt_argv("produce", *pace, "--subscribers", str(bench.options.subscribers), *bench.faults, topic="live", lake="none")
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=bench.environment())
    process.running.add(child)
    return child


def event(subscriber, number):
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    payload = {"tower_id": "T", "signal_dbm": -70, "latency_ms": 50, "packet_loss_pct": 0.5}
    return json.dumps({"id": f"{subscriber}-{number}", "type": "OSS", "source": "probe", "subscriber_id": subscriber, "timestamp": f"{now}.{number:03d}Z",
                       "payload": payload, "quality_score": 90})  # fmt: skip


def shows(connection, subscriber):
    connection.request("GET", f"/api/v1/subscribers/{subscriber}")
    answer = connection.getresponse()
    answer.read()
    return answer.status == 200


def probe(producer, connection, subscriber):
    began = time.perf_counter()
    for number in range(2):
        producer.produce("live", event(subscriber, number), key=subscriber)
    producer.flush(10)
    while not shows(connection, subscriber):
        if time.perf_counter() - began > 60:
            raise process.Failed(f"{subscriber} does not show after a minute")
        time.sleep(POLL_S)
    return time.perf_counter() - began


def probe_for(bench, port, seconds, name):
    producer = Producer({"bootstrap.servers": bench.bootstrap, "linger.ms": 0})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    chance, until, taken = random.Random(1), time.monotonic() + seconds, []
    while time.monotonic() < until:
        taken.append(probe(producer, connection, f"PROBE-{name}-{len(taken)}"))
        time.sleep(chance.uniform(0, 0.3))
    return sorted(taken)


class Load:
    """What was measured while events came."""

    def __init__(self, bench, name, readers_count):
        up = Up(bench, f"up.publish_interval={bench.options.publish_interval}")
        load, group = start_load(bench), readers.Group(up.port, readers_count)
        try:
            time.sleep(WARM_UP_S)
            began, (_, before) = time.time(), up.usage()
            self.probes = probe_for(bench, up.port, bench.options.live_seconds, name)
            ended, (self.mib, after) = time.time(), up.usage()
        finally:
            group.stop()
            process.stop(load)
            process.running.discard(load)
            up.end()
        if group.failed:
            raise process.Failed(f"{len(group.failed)} requests failed; the first: {group.failed[0]}")
        self.cores = (after - before) / (ended - began)
        self.gaps = sorted(bench.python("commits.py", bench.path("lake", "lake.duckdb"), began, ended).json())

    def percentile(self, share):
        return samples.percentile(self.probes, share)


def live(bench):
    make_history(bench)
    with_readers = Load(bench, "r", READERS)
    alone = Load(bench, "a", 0)
    what = f"{RATE:,} events/s on {bench.options.live_history:,}, {READERS} readers"
    count = f"{len(with_readers.probes)} probes"
    yield at_most("live", f"{what}: event to visible by id, median", with_readers.percentile(0.5), 300, "ms", count)
    yield at_most("live", f"{what}: the same, 99 of 100", with_readers.percentile(0.99), 1000, "ms", count)
    yield at_most("live", f"{what}: the same, worst", with_readers.probes[-1] * 1e3, 2000, "ms", count)
    yield info("live", f"{what}: longest time without a commit", with_readers.gaps[-1] * 1e3, "ms", f"{len(with_readers.gaps):,} commits")
    yield info("live", f"{what}: CPU", with_readers.cores, "cores", f"{with_readers.mib:.0f} MiB")
    yield at_most("live", f"{RATE:,} events/s, probes alone: CPU", alone.cores, 0.25, "cores", f"{alone.mib:.0f} MiB")
    yield info("live", f"{RATE:,} events/s, probes alone: event to visible by id, median", alone.percentile(0.5), "ms",
               f"99 of 100: {alone.percentile(0.99):.0f} ms, worst {alone.probes[-1] * 1e3:.0f} ms, {len(alone.probes)} probes")  # fmt: skip
    bench.forget("lake")
    bench.delete_topic("live")
