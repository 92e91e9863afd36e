"""Ingest of the same events in each declared envelope, compared with Smelt's own."""

from measure.report import at_least, info, median, say
from measure.rounds import log_run, rate, rounds

OWN = "smelt"
OTHERS = ("flat", "cloudevents", "debezium", "connect")
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

    yield info("envelopes", "ingest of Smelt's own envelope, as a contract declares it", middle(lambda one: rate(events, one[OWN])), "events/s", words(OWN))
    for envelope in OTHERS:
        ratio = middle(lambda one, e=envelope: rate(events, one[e]) / rate(events, one[OWN]))
        yield at_least("envelopes", f"ingest of {envelope} / of Smelt's own envelope", ratio, LEAST, "", words(envelope))
    rejected = sum(one.json()["rejected"] for one in results[0].values())
    yield info("envelopes", "messages in these envelopes that were rejected", rejected, "messages", "of Smelt's own, that made the topics")
    bench.forget("lake-envelope", "envelopes")
    for envelope in (OWN, *OTHERS):
        bench.delete_topic(f"in-{envelope}")
