"""Ingest of the same events in each declared envelope, compared with Smelt's own.

Change events and those with a schema beside each are larger, and what they have more is read, and mostly kept: they are compared by their bytes."""

from measure.report import at_least, info, median, say
from measure.rounds import log_run, rate, rounds

OWN = "smelt"
BY_EVENTS, BY_BYTES = ("flat", "cloudevents"), ("debezium", "connect")
OTHERS = (*BY_EVENTS, *BY_BYTES)
LEAST = 0.8


def fill_topics(bench, events):
    """Returns the bytes of a message, by envelope."""
    say(f"filling five topics with {events:,} events each")
    bench.produce(events, "none", "--days", "30", "--out", bench.path("envelopes.jsonl"))
    for envelope in (OWN, *OTHERS):
        bench.smelt("produce", "--events", "1", topic=f"in-{envelope}")  # creates the topic
    sizes = bench.python("envelope_events.py", bench.bootstrap, bench.path("envelopes.jsonl"), bench.path("envelopes")).json()
    bench.forget("envelopes.jsonl")
    return sizes


def ingest_round(bench, events):
    results = {}
    for envelope in (OWN, *OTHERS):
        bench.forget("lake-envelope")
        done = bench.smelt("ingest", lake="lake-envelope", topic=f"in-{envelope}", settings=(f"pipeline.dir={bench.path('envelopes')}",))
        results[envelope] = log_run(f"smelt ingest, {envelope}", events, done)
    return results


def envelopes(bench):
    events = bench.options.events // 4
    sizes = fill_topics(bench, events)
    results = []
    for number in rounds(bench):
        say(f"ingest of {events:,} events in five envelopes, round {number} of {bench.options.rounds}")
        results.append(ingest_round(bench, events))

    def middle(of):
        return median(of(one) for one in results)

    def words(envelope):
        cpu = middle(lambda one: one[envelope].cpu_seconds / events * 1e6)
        return f"{middle(lambda one: rate(events, one[envelope])):,.0f} events/s, {cpu:.2f} us of CPU, {sizes[envelope]} bytes a message"

    def ratio(envelope):
        return middle(lambda one: rate(events, one[envelope]) / rate(events, one[OWN]))

    yield info("envelopes", "ingest of Smelt's own envelope, as a contract declares it", middle(lambda one: rate(events, one[OWN])), "events/s", words(OWN))
    for envelope in BY_EVENTS:
        yield at_least("envelopes", f"ingest of {envelope} / of Smelt's own envelope, events", ratio(envelope), LEAST, "", words(envelope))
    for envelope in BY_BYTES:
        by_bytes, note = ratio(envelope) * sizes[envelope] / sizes[OWN], f"{ratio(envelope):.2f} of the events; {words(envelope)}"
        yield at_least("envelopes", f"ingest of {envelope} / of Smelt's own envelope, bytes", by_bytes, LEAST, "", note)
    rejected = sum(one.json()["rejected"] for one in results[0].values())
    yield info("envelopes", "messages in these envelopes that were rejected", rejected, "messages", "of Smelt's own, that made the topics")
    bench.forget("lake-envelope", "envelopes")
    for envelope in (OWN, *OTHERS):
        bench.delete_topic(f"in-{envelope}")
