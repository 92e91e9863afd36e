"""Starts a broker, a history, `smelt up`, a producer and readers; samples them; judges and draws what it saw."""

import argparse
import os
import signal
import subprocess
import sys
import time

from measure import process
from measure.bench import ROOT, Bench
from measure.report import say
from measure.start import answers, free_port

from soak import chart, readers, samples, verdicts

EVERY_S = 5


def parse():
    parser = argparse.ArgumentParser(prog="tools/soak", description="`smelt up` under a steady load: what grows that should not?")
    parser.add_argument("--minutes", type=float, default=60, help="how long it is loaded (60)")
    parser.add_argument("--rate", type=int, default=2000, help="events a second (2000)")
    parser.add_argument("--readers", type=int, default=4, help="clients that ask twice a second, each by its own connection (4)")
    parser.add_argument("--subscribers", type=int, default=20_000, help="subscribers (20000)")
    parser.add_argument("--history", type=int, default=1_000_000, help="events that are there before it begins (1000000)")
    parser.add_argument("--smelt", default=os.path.join(ROOT, "build/release/smelt"), help="the binary (build/release/smelt)")
    parser.add_argument("--dir", help="where the lake is made, and removed (.cache)")
    parser.add_argument("--out", default=os.path.join(ROOT, "build/soak"), help="where samples.tsv and soak.svg are written (build/soak)")
    options = parser.parse_args()
    options.faults = "0.02"
    return options


def fill_history(bench, options):
    say(f"a history of {options.history:,} events")
    bench.produce(options.history, "events", "--days", "30", *bench.faults)
    for step in ("ingest", "refine"):
        bench.smelt(step)


def start(argv, bench):
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=open(bench.path(f"{argv[1]}.log"), "ab"), env=bench.environment())
    process.running.add(child)
    return child


def start_up(bench, port):
    up = start(bench.smelt_argv("up", settings=[f"http.listen=127.0.0.1:{port}"]), bench)
    until = time.monotonic() + 300
    while not answers(port):
        if up.poll() is not None or time.monotonic() > until:
            raise process.Failed(f"smelt up is not ready: {process.last_line(open(bench.path('up.log'), encoding='utf-8').read())}")
        time.sleep(0.2)
    return up


def start_producer(bench, options):
    rate = str(options.rate)
    pace = ("--stream", "--min-events", rate, "--max-events", rate, "--min-wait", "1s", "--max-wait", "1s")
    words = ("produce", *pace, "--subscribers", str(options.subscribers), *bench.faults)
    return start(bench.smelt_argv(*words), bench)


def watch(bench, options, up, port, taken):
    began = time.monotonic()
    due = began
    group = readers.Group(port, options.readers)
    try:
        while time.monotonic() - began < options.minutes * 60:
            due += EVERY_S
            time.sleep(max(0.0, due - time.monotonic()))
            if up.poll() is not None:
                raise process.Failed(f"smelt up ended with {up.returncode}")
            taken.append(samples.take(bench.path("lake"), up.pid, port, time.monotonic() - began, group.latencies()))
            samples.say_one(taken, options.minutes * 60)
    finally:
        group.stop()
    if group.failed:
        raise process.Failed(f"{len(group.failed)} requests failed; the first: {group.failed[0]}")


def soak(options):
    taken = []
    with Bench(options) as bench:
        fill_history(bench, options)
        port = free_port()
        up = start_up(bench, port)
        producer = start_producer(bench, options)
        try:
            watch(bench, options, up, port, taken)
        finally:
            for child in (producer, up):
                process.stop(child)
            os.makedirs(options.out, exist_ok=True)
            samples.write(os.path.join(options.out, "samples.tsv"), taken)
        if up.returncode != 0:
            raise process.Failed(f"smelt up ended with {up.returncode}")
        say(bench.smelt("audit").output.strip().splitlines()[-1])
    chart.draw(os.path.join(options.out, "soak.svg"), taken)
    return verdicts.tell(taken)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return soak(parse())
    except process.Failed as failed:
        say(str(failed))
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
