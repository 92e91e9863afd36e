"""A few new events on a long history: the time from Kafka to a published snapshot, and whether it grows.

`smelt run` is what a scheduler calls: one process that ingests, refines, scores and publishes (the model is not due). The same as three
commands is told beside it.
"""

from measure.report import at_least, at_most, info, median, say
from measure.turns import rounds

STEPS = ("ingest", "refine", "publish")


class History:
    """A lake that holds `events` of the past, with a topic of its own for the new ones."""

    def __init__(self, bench, events):
        self.bench, self.events = bench, events
        self.lake = self.topic = f"history-{events}"
        self.by_steps, self.by_run = [], []

    def make(self):
        say(f"making a history of {self.events:,} events")
        file = f"{self.lake}.jsonl"
        self.bench.produce(self.events, "none", "--days", "30", "--out", self.bench.path(file))
        self.bench.smelt("ingest", "--from", self.bench.path(file), lake=self.lake)
        if self.events != self.bench.options.prototype_history:
            self.bench.forget(file)
        for step in (("refine",), ("train",), ("score",), ("publish",)):
            self.bench.smelt(*step, lake=self.lake)

    def add_events(self):
        self.bench.produce(self.bench.options.new_events, self.topic)

    def measure(self):
        self.add_events()
        steps = [self.bench.smelt(step, lake=self.lake, topic=self.topic) for step in STEPS]
        self.by_steps.append(sum(done.seconds for done in steps))
        self.add_events()
        self.by_run.append(self.bench.smelt("run", lake=self.lake, topic=self.topic).seconds)
        words = " + ".join(f"{step} {done.seconds * 1e3:.0f}" for step, done in zip(STEPS, steps))
        say(f"  history of {self.events:>12,}: {self.by_steps[-1] * 1e3:6.0f} ms ({words}); smelt run {self.by_run[-1] * 1e3:6.0f} ms")


def refresh(bench):
    histories = [History(bench, events) for events in bench.options.histories]
    for history in histories:
        history.make()
    times = bench.options.refreshes
    for number in range(1, times + 1):
        say(f"{bench.options.new_events} new events, round {number} of {times}")
        for history in histories:
            history.measure()
    for history in histories:
        what = f"{bench.options.new_events} new events, history {history.events:,}"
        yield at_most("refresh", f"{what}: smelt run", median(history.by_run) * 1e3, 250, "ms", f"with scores; worst {max(history.by_run) * 1e3:,.0f} ms")
        yield info("refresh", f"{what}: three commands", median(history.by_steps) * 1e3, "ms", f"worst {max(history.by_steps) * 1e3:,.0f} ms")
    small, large_ = histories[0], histories[-1]
    growth = median(b / a for a, b in zip(small.by_run, large_.by_run))
    yield at_most("refresh", f"growth from {small.events:,} to {large_.events:,}", growth, 1.3, "")
    yield from against_prototype(bench, histories)
    for history in histories:
        bench.forget(history.lake, f"{history.lake}.jsonl")


def against_prototype(bench, histories):
    ours = [h for h in histories if h.events == bench.options.prototype_history]
    if not ours:
        return
    file, seconds = bench.path(f"{ours[0].lake}.jsonl"), []
    bench.forget("prototype.duckdb")
    bench.python("prototype.py", "load", file, bench.path("prototype.duckdb"))
    for number in rounds(bench):
        topic = f"prototype-{number}"
        bench.produce(bench.options.new_events, topic)
        seconds.append(bench.python("prototype.py", "refresh", bench.bootstrap, topic, bench.path("prototype.duckdb")).json()["seconds"])
        say(f"  the prototype's refresh: {seconds[-1]:.2f} s")
    note = f"{median(seconds):.2f} s"
    yield at_least("refresh", f"the prototype's refresh / ours, history {ours[0].events:,}", median(seconds) / median(ours[0].by_run), 30, "", note)
