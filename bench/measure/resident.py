"""A `smelt up` that stays, with the events of a history: how long until the API gives the new features of those whom new events touch.

The clock is that of the resident ClickHouse: it starts when the new events are in the topic, and ends when Gold of their subscribers is new.
One of them is asked for by its id until it is new, then all.
"""

import http.client
import json
import os
import time
import uuid
from collections import Counter

from confluent_kafka import Producer

from measure import process, server
from measure.live import Up
from measure.report import at_least, beside, info, median, say

TOPIC, LAKE = "new-in-up", "resident"
KEY = "subscriber_id"
POLL_S = 0.01  # as for ClickHouse


class InUp:
    """Use as a context manager."""

    def __init__(self, bench, history):
        self.bench, self.history, self.seconds = bench, history, []
        bench.produce(10, TOPIC)
        bench.copy_lake(history.lake, LAKE)
        self.up = Up(bench, lake=LAKE, topic=TOPIC)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.up.port, timeout=60)
        self.producer = Producer({"bootstrap.servers": bench.bootstrap, "linger.ms": 0})

    def ask(self, method, path, content=None):
        headers = {"Content-Type": "application/json", "Smelt-Request": "bench"}
        self.connection.request(method, f"/api/v1/subscribers/{path}", content and json.dumps(content), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise process.Failed(f"{method} {path} was answered by {answer.status}: {text[:200]}")
        return json.loads(text)

    def total(self, subscriber):
        return self.ask("GET", subscriber)["features"]["total_events"]

    def totals(self, subscribers):
        """How many events Gold has of each."""
        found = self.ask("POST", "lookup?fields=total_events", {"ids": list(subscribers)})
        return {row[KEY]: row["total_events"] for row in found["items"]}

    def wait_until(self, is_new):
        until = time.monotonic() + 60
        while not is_new():
            if time.monotonic() > until:
                raise process.Failed("new events do not show after a minute")
            time.sleep(POLL_S)

    def wait_for(self, wanted, one):
        """Seconds. Asking for all takes longer than the last poll for one: it counts when they are not new yet."""
        began = time.perf_counter()
        self.wait_until(lambda: self.total(one) == wanted[one])
        seconds = time.perf_counter() - began
        if self.totals(wanted) == wanted:
            return seconds
        self.wait_until(lambda: self.totals(wanted) == wanted)
        return time.perf_counter() - began

    def events(self):
        """With ids of their own: eight random digits would meet one of a long history in every tenth round."""
        file = self.bench.path("new.jsonl")
        self.bench.produce(self.bench.options.new_events, "none", "--out", file)
        with open(file, "rb") as lines:
            events = [json.loads(line) | {"id": uuid.uuid4().hex} for line in lines]
        os.remove(file)
        return events

    def measure(self):
        events = self.events()
        new = Counter(event[KEY].upper() for event in events)  # some systems write it in small letters
        wanted = {subscriber: total + new[subscriber] for subscriber, total in self.totals(new).items()}
        for event in events:
            self.producer.produce(TOPIC, json.dumps(event))
        self.producer.flush(10)
        self.seconds.append(self.wait_for(wanted, next(subscriber for subscriber in reversed(new) if subscriber in wanted)))
        self.mib = server.peak_mib(self.up.child.pid)
        say(f"  history of {self.history.events:>12,}: smelt up {self.seconds[-1] * 1e3:4.0f} ms")

    def rows(self, peer):
        """peer: a ClickHouse that was measured after each of these; None: there is none."""
        events, what = self.bench.options.new_events, f"{self.bench.options.new_events} new events, history {self.history.events:,}"
        words = f"a server that stays ({self.mib:,.0f} MiB), scores later; worst {max(self.seconds) * 1e3:,.0f} ms"
        yield info("refresh", f"{what}: smelt up", median(self.seconds) * 1e3, "ms", words)
        if peer is None:
            return
        theirs = peer.seconds[-len(self.seconds) :]
        row = at_least("refresh", f"{what}: ClickHouse / smelt up", median(a / b for a, b in zip(theirs, self.seconds, strict=True)), 3, "", f"{median(theirs) * 1e3:.0f} ms")
        ours = {"seconds": median(self.seconds), "mib": self.mib}
        yield beside(row, f"{events} new events on {self.history.events:,}, servers that stay", "ClickHouse", ours, {"seconds": median(theirs), "mib": peer.mib})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.up.end()
        self.bench.forget(LAKE)
