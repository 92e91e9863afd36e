"""Row 41: one of two topics cannot be read, for each reason there is; the other one is complete, and so is this one afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from faults import oracle
from faults.bench import Bench, Outcome
from harness import Sent, Smelt, Topic, events, eventually
from segments import cut_off, flip


class Away:
    """What happens to a topic, the exit code and the words of it, and how it is mended; what of it Kafka had acknowledged, by epoch."""

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.code, self.words = 65, ""
        self.sent: dict[int, list[Sent]] = {}

    def before(self) -> None:
        self.sent[0] = [message for number in range(3) for message in self.topic.send(events(number * 10, 10), partition=0)]

    def happen(self) -> None: ...

    def mend(self, smelt: Smelt) -> None:
        smelt("ingest", "--topic", self.topic.name, "--new-epoch")


class Missing(Away):
    def before(self) -> None:
        self.topic = Topic(self.topic.broker, f"f-{uuid.uuid4().hex[:12]}", 1)
        self.code, self.words = 69, "does not exist"

    def mend(self, smelt: Smelt) -> None:
        self.topic.create()
        self.sent[0] = self.topic.send(events(0, 20))
        smelt("ingest")


class Recreated(Away):
    def happen(self) -> None:
        self.words = "was deleted and recreated"
        self.topic.delete()
        self.topic.create()
        self.sent[1] = self.topic.send(events(500, 20), producer=self.topic.broker.new_producer())


class CutOff(Away):
    def happen(self) -> None:
        self.words = "was truncated at offset 20"
        cut_off(self.topic, 0, 2)
        self.sent[1] = self.topic.send(events(500, 30), partition=0, producer=self.topic.broker.new_producer())


class Unreadable(Away):
    def happen(self) -> None:
        self.words = "partition 0 has not moved"
        self.topic.send(events(500, 10), partition=0)
        self.topic.send(events(600, 10), partition=0)
        flip(self.topic, 0, 3)
        self.sent[0] += [Sent(0, 40 + number, value) for number, value in enumerate(events(600, 10))]

    def mend(self, smelt: Smelt) -> None:
        smelt("ingest", "--topic", self.topic.name, "--skip-unreadable", "--timeout", "60s")


KINDS: list[Callable[[Topic], Away]] = [Missing, Recreated, CutOff, Unreadable]


def is_said(smelt: Smelt, away: Away, follows: bool, last: Callable[[], bool]) -> None:
    """By an ingest to the end, with the exit code; or by one that follows, which goes on with the other topic."""
    if not follows:
        result = smelt.run("ingest", "--timeout", "3s")
        assert result.code == away.code and away.words in result.error and away.topic.name in result.error, result
        return
    running = smelt.start("ingest", "--follow", "--set", "ingest.timeout=3s")
    eventually(f"'{away.words}' is said", lambda: away.words in running.stderr)
    eventually("the other topic is followed", last)
    assert running.end().code == 0


def one_away(bench: Bench, most: int) -> Outcome:
    outcome = Outcome()
    kinds = bench.chance.sample(KINDS, len(KINDS))
    while outcome.injected < most:
        well, away = bench.topic(), kinds[outcome.injected % len(KINDS)](bench.topic())
        sent = well.send(events(10_000, bench.chance.randint(1, 200)))
        away.before()
        smelt = bench.smelt(well, f"lake-{outcome.injected}", bench.sanitized, kafka_topics=f"{away.topic.name},{well.name}")
        if away.sent:
            smelt("ingest")
        away.happen()
        sent += well.send(events(20_000, bench.chance.randint(1, 200)), producer=well.broker.new_producer())
        is_said(smelt, away, bench.chance.random() < 0.5, lambda w=well, n=len(sent): w.committed(w.name) == n)
        away.mend(smelt)
        assert smelt("ingest")["landed"] == 0
        outcome.injected += 1
        outcome.notes.append(type(away).__name__.lower())
        for epoch, messages in away.sent.items():
            found = oracle.balance(smelt, messages, epoch, away.topic.name)
            assert found.lost == found.duplicated == 0, found
        outcome.count(oracle.check(smelt, sent, topic=well.name))
    return outcome
