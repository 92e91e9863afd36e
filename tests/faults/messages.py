"""Rows 16 and 17: the same again and again; and what is no event."""

from __future__ import annotations

import random
from collections import Counter

from confluent_kafka import Producer
from faults import oracle
from faults.bench import Bench, Outcome
from harness import SMALL_BATCHES, Sent, encode, event, events
from poison import POISON

# ---- row 16 ----

COPIES = 10


def repeated(bench: Bench, most: int) -> Outcome:
    """Each event ten times, in any order, with restarts and kills between."""
    outcome = Outcome()
    while outcome.injected < most:
        topic = bench.topic()
        smelt = bench.smelt(topic, f"lake-{outcome.injected}", bench.sanitized)
        once = events(outcome.injected * 1000, 200)
        shuffled = once * COPIES
        bench.chance.shuffle(shuffled)
        sent: list[Sent] = []
        for part in range(4):
            sent += topic.send(shuffled[part * 500 : (part + 1) * 500])
            smelt("ingest", *SMALL_BATCHES)
        found = oracle.check(smelt, sent)
        outcome.count(found)
        outcome.lost += len(once) - found.rows["bronze"]
        assert found.rows["duplicate"] == len(once) * (COPIES - 1), found
        outcome.injected += 1
    outcome.note(f"{COPIES} copies of each of {len(once)} events a time")
    return outcome


# ---- row 17 ----

HUGE = 10_000_000


def corpus(bench: Bench, most: int) -> Outcome:
    """Between good events, in one partition: each is rejected with its reason, at its offset, with its bytes."""
    topic, outcome = bench.topic(1, **{"max.message.bytes": str(2 * HUGE)}), Outcome()
    smelt = bench.smelt(topic, binary=bench.sanitized)
    producer = Producer(topic.broker.client_options() | {"message.max.bytes": 2 * HUGE, "enable.idempotence": True})
    poison = POISON | {"10 MB of rubbish": (b"x" * HUGE, "not_json"), "10 MB in an event": (encode(event(7, id="")) + b" " * HUGE, "bad_id")}
    values = [value for number, (value, _) in enumerate(poison.values()) for value in (value, *events(number * 10, 2))]
    sent = topic.send(values, partition=0, producer=producer)
    done = smelt("ingest")
    reasons = dict(smelt.rows("SELECT kafka_offset, reason FROM bronze_rejects"))
    expected = {offset * 3: reason for offset, (_, reason) in enumerate(poison.values())}
    assert reasons == expected, [(list(poison)[offset // 3], reasons.get(offset), reason) for offset, reason in expected.items() if reasons.get(offset) != reason]
    assert done["rejected"] == len(poison)
    outcome.injected = len(poison)
    outcome.count(oracle.check(smelt, sent))
    return outcome


PIECES = (b"", b"\0", b"\xff", b"\xc0\xaf", b'"', b"\\", b"\\u0000", b"\\ud800", b"{", b"}", b"[", b"]", b",", b":", b"null", b"NaN", b"-0", b"1e999", b"9223372036854775808",
          b"[" * 2000, b'"id":1,', b"0000-00-00T00:00:00Z", b"9999-12-31T23:59:60Z", b"\xef\xbb\xbf", b"\xe2\x80\xa8")  # fmt: skip


def mutate(chance: random.Random, text: bytes) -> bytes:
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randint(0, len(text)), chance.choice((0, 1, 1, 2, 8, 40))
        piece = chance.choice((chance.choice(PIECES), bytes([chance.randint(0, 255)]), text[at : at + 30]))
        text = text[:at] + piece + text[at + length :]
    return text


def fuzzed(bench: Bench, most: int) -> Outcome:
    """Events that were changed at random: each becomes a row of some kind, and those of refused bytes keep them."""
    topic, outcome = bench.topic(), Outcome()
    smelt = bench.smelt(topic, binary=bench.sanitized)
    seeds = events(0, 200)
    sent = topic.send(mutate(bench.chance, bench.chance.choice(seeds)) for _ in range(most))
    smelt("ingest")
    rows = smelt.rows(f"SELECT place, kafka_partition, kafka_offset, bytes FROM ({oracle.PLACES})")
    values = {(message.partition, message.offset): message.value for message in sent}
    places = Counter((partition, offset) for _, partition, offset, _ in rows)
    rejects = [((partition, offset), value) for place, partition, offset, value in rows if place == "reject"]
    assert rejects and all(value == values[where] for where, value in rejects), "the bytes of a reject changed"
    outcome.injected, outcome.lost = len(sent), len(values.keys() - places.keys())
    outcome.duplicated = sum(count - 1 for count in places.values())
    smelt.audit()
    oracle.assert_gold_follows(smelt)
    outcome.note(f"{dict(Counter(row[0] for row in rows))}")
    return outcome
