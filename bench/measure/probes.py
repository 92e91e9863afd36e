"""A steady load on a topic, and probes in it: how long an event takes until it is seen.

A probe is two events of a new subscriber; its time is from before they are sent until somebody who asks 50 times a second sees them.
"""

import json
import random
import subprocess
import time

from confluent_kafka import Producer

from measure import process

POLL_S = 0.02
WARM_UP_S = 15


def start_load(bench, topic, rate):
    """rate: events a second, in ten pieces."""
    piece = str(rate // 10)
    pace = ("--stream", "--min-events", piece, "--max-events", piece, "--min-wait", "100ms", "--max-wait", "100ms")
    argv = bench.smelt_argv("produce", *pace, "--subscribers", str(bench.options.subscribers), *bench.faults, topic=topic, lake="none")
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=bench.environment())
    process.running.add(child)
    return child


def event(subscriber, number):
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    payload = {"tower_id": "T", "signal_dbm": -70, "latency_ms": 50, "packet_loss_pct": 0.5}
    return json.dumps({"id": f"{subscriber}-{number}", "type": "OSS", "source": "probe", "subscriber_id": subscriber, "timestamp": f"{now}.{number:03d}Z",
                       "payload": payload, "quality_score": 90})  # fmt: skip


def probe(producer, topic, shows, subscriber):
    began = time.perf_counter()
    for number in range(2):
        producer.produce(topic, event(subscriber, number), key=subscriber)
    producer.flush(10)
    while not shows(subscriber):
        if time.perf_counter() - began > 60:
            raise process.Failed(f"{subscriber} does not show after a minute")
        time.sleep(POLL_S)
    return time.perf_counter() - began


def probe_for(bench, topic, shows, name):
    """Seconds of each probe, ascending, for as long as the bench measures; shows(SUBSCRIBER): whether it is there."""
    producer = Producer({"bootstrap.servers": bench.bootstrap, "linger.ms": 0})
    chance, until, taken = random.Random(1), time.monotonic() + bench.options.live_seconds, []
    while time.monotonic() < until:
        taken.append(probe(producer, topic, shows, f"PROBE-{name}-{len(taken)}"))
        time.sleep(chance.uniform(0, 0.3))
    return sorted(taken)
