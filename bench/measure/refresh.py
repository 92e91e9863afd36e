"""A few new events on a long history: the time from Kafka to a published snapshot, and whether it grows.

A scheduler calls `smelt run`: one process that ingests, refines, scores and publishes (the model is not due). The sum of its steps is
comparable with the prototype's clock: neither includes the start of a process or the model. The whole process, and the same work as three
commands, are reported too.
"""

import contextlib
import random
import time

from measure import clickhouse
from measure.clickhouse_lake import Resident
from measure.refine import dbt
from measure.report import at_least, at_most, beside, cost, info, median, say
from measure.resident import InUp
from measure.rounds import rounds

STEPS = ("ingest", "refine", "publish")


class History:
    """A lake with `events` old events, and its own topic for the new ones."""

    def __init__(self, bench, events):
        self.bench, self.events = bench, events
        self.lake = self.topic = f"history-{events}"
        self.by_commands, self.by_run, self.by_steps = [], [], []

    def make(self):
        say(f"making a history of {self.events:,} events")
        file = f"{self.lake}.jsonl"
        self.bench.produce(self.events, "none", "--days", "30", "--out", self.bench.path(file))
        self.bench.smelt("ingest", "--from", self.bench.path(file), lake=self.lake)
        if self.events < self.bench.options.prototype_history:
            self.bench.forget(file)
        for step in (("refine",), ("train",), ("score",), ("publish",)):
            self.bench.smelt(*step, lake=self.lake)

    def add_events(self):
        self.bench.produce(self.bench.options.new_events, self.topic)

    def measure(self):
        self.add_events()
        self.by_commands.append(sum(self.bench.smelt(step, lake=self.lake, topic=self.topic).seconds for step in STEPS))
        self.add_events()
        done = self.bench.smelt("run", lake=self.lake, topic=self.topic)
        steps = {step["name"]: step["seconds"] for step in done.json()["steps"]}
        self.by_run.append(done.seconds)
        self.mib = done.peak_mib
        self.by_steps.append(sum(steps[name] for name in STEPS))
        words = " + ".join(f"{name} {steps[name] * 1e3:.0f}" for name in STEPS)
        say(f"  history of {self.events:>12,}: {self.by_steps[-1] * 1e3:4.0f} ms ({words}), the whole process {done.seconds * 1e3:4.0f} ms;"
            f" three commands {self.by_commands[-1] * 1e3:4.0f} ms")


class InClickHouse:
    """A server that stays, with the events of a history; the clock starts when the new events are in the topic, at any moment of its flushes."""

    def __init__(self, history, server):
        self.history, self.server, self.seconds, self.chance = history, server, [], random.Random(1)
        history.bench.produce(10, server.topic)
        server.load(history.bench.path(f"{history.lake}.jsonl"))

    def measure(self):
        time.sleep(self.chance.uniform(0, self.server.flush_ms / 1e3))
        before, since = self.server.landed(), int(time.time() * 1e3)
        self.history.bench.produce(self.history.bench.options.new_events, self.server.topic)
        self.seconds.append(self.server.refresh(before, self.history.bench.options.new_events, since))
        self.mib = self.server.peak_mib()
        say(f"  history of {self.history.events:>12,}: ClickHouse {self.seconds[-1] * 1e3:4.0f} ms")

    def row(self):
        ratio = median(theirs / smelts for theirs, smelts in zip(self.seconds, self.history.by_run, strict=True))
        what = f"{self.history.bench.options.new_events} new events, history {self.history.events:,}: ClickHouse, flush of {self.server.flush_ms} ms / smelt run"
        words = f"{median(self.seconds) * 1e3:.0f} ms, a server that stays ({self.mib:,.0f} MiB), no scores; {worst(self.seconds)}"
        smelt = {"seconds": median(self.history.by_run), "mib": self.history.mib}
        task = f"{self.history.bench.options.new_events} new events on {self.history.events:,}"
        return beside(info("refresh", what, ratio, "", words), task, "ClickHouse, a server that stays", smelt, {"seconds": median(self.seconds), "mib": self.mib})


@contextlib.contextmanager
def peers(bench, chosen):
    if not clickhouse.is_measured(bench) or not chosen:
        yield []
        return
    with Resident(bench, "clickhouse-history", "clickhouse-new") as server:
        yield [InClickHouse(history, server) for history in chosen]
    bench.forget("clickhouse-history")


def by_servers(bench, history, peer):
    """The same by servers that stay: `smelt up`, and ClickHouse (None: it is not measured), one after the other."""
    with InUp(bench, history) as up:
        measure_rounds(bench, [up] if peer is None else [up, peer])
    return list(up.rows(peer))


def measure_rounds(bench, all_of_them):
    for number in range(1, bench.options.refreshes + 1):
        say(f"{bench.options.new_events} new events, round {number} of {bench.options.refreshes}")
        for one in all_of_them:
            one.measure()


def refresh(bench):
    histories = [History(bench, events) for events in bench.options.histories]
    for history in histories:
        history.make()
    chosen = [history for history in histories if history.events == bench.options.prototype_history]
    with peers(bench, chosen) as beside:
        measure_rounds(bench, [*histories, *beside])
        of_peers = [peer.row() for peer in beside]
        of_servers = [row for history in chosen for row in by_servers(bench, history, beside[0] if beside else None)]
    for history in histories:
        what = f"{bench.options.new_events} new events, history {history.events:,}"
        yield at_most("refresh", f"{what}: ingest + refine + publish", median(history.by_steps) * 1e3, 250, "ms", worst(history.by_steps))
        yield info("refresh", f"{what}: smelt run", median(history.by_run) * 1e3, "ms", f"whole process, with scores; {worst(history.by_run)}")
        yield info("refresh", f"{what}: three commands", median(history.by_commands) * 1e3, "ms", worst(history.by_commands))
    yield from of_peers
    yield from of_servers
    small, large_ = histories[0], histories[-1]
    for what, times in (("the steps", "by_steps"), ("the whole process", "by_run")) if large_ is not small else ():
        growth = median(b / a for a, b in zip(getattr(small, times), getattr(large_, times)))
        yield at_most("refresh", f"growth of {what} from {small.events:,} to {large_.events:,}", growth, 1.3, "")
    for history in histories:
        yield from against_bare(bench, history)
    for history in chosen if bench.options.peers else []:
        yield from against_dbt(bench, history)
    for history in histories:
        if history.events >= bench.options.prototype_history:
            yield from against_prototype(bench, history)
    for history in histories:
        bench.forget(history.lake, f"{history.lake}.jsonl")


def worst(times):
    return f"worst {max(times) * 1e3:,.0f} ms"


def against_bare(bench, history):
    """Compares with DuckDB storing and publishing the same number of rows, without any other work."""
    seconds = []
    for _ in rounds(bench):
        bench.copy_lake(history.lake, "bare")
        with open(bench.path(history.lake, "snapshots", "CURRENT"), encoding="utf-8") as current:
            snapshot = bench.path(history.lake, "snapshots", current.read().strip())
        done = bench.python("bare_refresh.py", bench.path("bare", "lake.duckdb"), snapshot, bench.path("bare", "out"), bench.options.new_events)
        seconds.append(done.json()["seconds"])
    bench.forget("bare")
    what = f"Smelt / bare DuckDB storing and publishing {bench.options.new_events} rows, history {history.events:,}"
    yield info("refresh", what, median(history.by_steps) / median(seconds), "", f"{median(seconds) * 1e3:.0f} ms")


def against_dbt(bench, history):
    """Compares with dbt's incremental models. Smelt brings the new events to Bronze, then each refines: both are processes of their own."""
    lake, pairs = "dbt-history", []
    bench.smelt("ingest", "--from", bench.path(f"{history.lake}.jsonl"), lake=lake)
    dbt(bench, lake)
    for _ in rounds(bench):
        history.add_events()
        for into in (lake, history.lake):
            bench.smelt("ingest", lake=into, topic=history.topic)
        pairs.append((bench.smelt("refine", lake=history.lake), dbt(bench, lake)))
        smelts, theirs = pairs[-1]
        say(f"  smelt refine {smelts.seconds * 1e3:.0f} ms, dbt-duckdb {theirs.seconds:.2f} s")
    bench.forget(lake)
    smelts, theirs = (cost(runs) for runs in zip(*pairs, strict=True))
    what = f"{bench.options.new_events} new events, history {history.events:,}: dbt-duckdb, incremental / smelt refine"
    ratio = median(b.seconds / a.seconds for a, b in pairs)
    row = at_least("refresh", what, ratio, 20, "", f"{theirs['seconds']:.2f} s / {smelts['seconds'] * 1e3:.0f} ms, processes of their own")
    yield beside(row, f"refine of {bench.options.new_events} new events on {history.events:,}", "dbt-duckdb", smelts, theirs)


def against_prototype(bench, history):
    """Compares with the prototype. Its cost grows with the history, so only the smallest history that is measured has a target."""
    database, seconds = bench.path("prototype.duckdb"), []
    bench.forget("prototype.duckdb")
    bench.python("prototype.py", "load", bench.path(f"{history.lake}.jsonl"), database)
    for number in rounds(bench):
        topic = f"prototype-{history.events}-{number}"
        bench.produce(bench.options.new_events, topic)
        seconds.append(bench.python("prototype.py", "refresh", bench.bootstrap, topic, database).json()["seconds"])
        say(f"  the prototype's refresh: {seconds[-1]:.2f} s")
    bench.forget("prototype.duckdb")
    what, ratio, note = f"the prototype's refresh / Smelt's, history {history.events:,}", median(seconds) / median(history.by_steps), f"{median(seconds):.2f} s"
    target = history.events == bench.options.prototype_history
    yield at_least("refresh", what, ratio, 30, "", note) if target else info("refresh", what, ratio, "", note)
