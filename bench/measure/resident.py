"""A `smelt up` that stays, with the events of a history: how long until the API gives the new features of those whom new events touch.

The clock is that of the resident ClickHouse: it starts when the new events are in the topic, and ends when Gold of their subscribers is new.
Asking for 500 rows takes a part of it.
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
from measure.report import info, median, say
from measure.refresh import worst

TOPIC, LAKE = "new-in-up", "resident"
KEY = "subscriber_id"


class InUp:
    """Use as a context manager."""

    def __init__(self, bench, history):
        self.bench, self.history, self.seconds = bench, history, []
        bench.produce(10, TOPIC)
        bench.copy_lake(history.lake, LAKE)
        self.up = Up(bench, lake=LAKE, topic=TOPIC)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.up.port, timeout=60)
        self.producer = Producer({"bootstrap.servers": bench.bootstrap, "linger.ms": 0})

    def totals(self, ids):
        """How many events Gold has of each."""
        headers = {"Content-Type": "application/json", "Smelt-Request": "bench"}
        self.connection.request("POST", "/api/v1/subscribers/lookup?fields=total_events", json.dumps({"ids": ids}), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise process.Failed(f"a lookup was answered by {answer.status}: {text[:200]}")
        return {row[KEY]: row["total_events"] for row in json.loads(text)["items"]}

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
        new = Counter(event[KEY] for event in events)
        wanted = {subscriber: total + new[subscriber] for subscriber, total in self.totals(list(new)).items()}
        for event in events:
            self.producer.produce(TOPIC, json.dumps(event))
        self.producer.flush(10)
        began = time.perf_counter()
        while self.totals(list(wanted)) != wanted:
            if time.perf_counter() - began > 60:
                raise process.Failed("new events do not show after a minute")
            time.sleep(0.01)
        self.seconds.append(time.perf_counter() - began)
        self.mib = server.peak_mib(self.up.child.pid)
        say(f"  history of {self.history.events:>12,}: smelt up {self.seconds[-1] * 1e3:4.0f} ms")

    def row(self):
        words = f"a server that stays ({self.mib:,.0f} MiB), scores later; {worst(self.seconds)}"
        return info("refresh", f"{self.bench.options.new_events} new events, history {self.history.events:,}: smelt up", median(self.seconds) * 1e3, "ms", words)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.up.end()
        self.bench.forget(LAKE)
