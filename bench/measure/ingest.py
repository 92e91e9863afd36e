"""Kafka to Bronze: the speed of produce, the speed of ingest, and the memory of ingest."""

from measure import peers
from measure.report import at_least, info, median, memory, say
from measure.rounds import log_run, rate, rounds


def fill_topic(bench, topic="events", times=1):
    """Creates the topic for the ingest measurements, once: a month of history. `times`: so many times the events of the bench."""
    if topic in bench.made:
        return bench.made[topic]
    events = times * bench.options.events
    say(f"filling the topic {topic} with {events:,} events")
    bench.made[topic] = log_run("smelt produce", events, bench.produce(events, topic, "--days", "30", *bench.faults))
    return bench.made[topic]


def produce(bench):
    rates = [rate(bench.options.events, fill_topic(bench))]
    for number in list(rounds(bench))[1:]:
        topic = f"produce-{number}"
        done = bench.produce(bench.options.events, topic, "--days", "30", *bench.faults)
        rates.append(rate(bench.options.events, log_run("smelt produce", bench.options.events, done)))
        bench.delete_topic(topic)
    yield at_least("produce", "produce to one broker", median(rates), 200_000, "events/s", "acknowledged by all replicas, from process start to end")


def ingest_round(bench, events):
    """Runs each program once, on the same topic, into an empty database."""
    bench.forget("bare.duckdb", "lake", "plain.duckdb", "tuned.duckdb", "prototype.duckdb")
    programs = {
        "bare landing": lambda: bench.bare_landing("events", "bare.duckdb"),
        "smelt ingest": lambda: bench.smelt("ingest"),
        "Python": lambda: bench.python("python_consumer.py", bench.bootstrap, "events", bench.path("plain.duckdb")),
        "Python, tuned": lambda: bench.python("python_consumer.py", bench.bootstrap, "events", bench.path("tuned.duckdb"), "tuned"),
    }
    results = {name: log_run(name, events, start()) for name, start in programs.items()}
    few = bench.options.prototype_events
    prototype = bench.python("prototype.py", "ingest", bench.bootstrap, "few", bench.path("prototype.duckdb"))
    prototype.seconds = prototype.json()["seconds"]  # with so few events the start of Python would dominate
    results["prototype"] = log_run("the prototype", few, prototype)
    return results, peers.ingest_round(bench, events) if bench.options.peers else {}


def ingest(bench):
    events, few = bench.options.events, bench.options.prototype_events
    fill_topic(bench)
    bench.produce(few, "few", "--days", "30")
    measured = []
    for number in rounds(bench):
        say(f"ingest of {events:,} events, round {number} of {bench.options.rounds}")
        measured.append(ingest_round(bench, events))
    results, landed = zip(*measured, strict=True)

    def times_faster(than, its_events=events):
        return median(rate(events, r["smelt ingest"]) / rate(its_events, r[than]) for r in results)

    def middle(name, its_events=events):
        return f"{median(rate(its_events, r[name]) for r in results):,.0f} events/s"

    yield at_least("ingest", "ingest / bare landing in C", times_faster("bare landing"), 0.9, "", f"{middle('smelt ingest')} / {middle('bare landing')}")
    yield at_least("ingest", "ingest / competent Python", times_faster("Python"), 4, "", middle("Python"))
    yield info("ingest", "ingest / Python with our SQL", times_faster("Python, tuned"), "", middle("Python, tuned"))
    yield at_least("ingest", "ingest / the prototype", times_faster("prototype", few), 500, "", f"{middle('prototype', few)} ({few:,} events)")
    peak = max(r["smelt ingest"].peak_mib for r in results)
    yield memory("ingest", f"ingest's memory, {events:,} waiting", peak, "largest of all rounds", 400)
    cpu = median(r["smelt ingest"].cpu_seconds / events * 1e6 for r in results)
    yield info("ingest", "ingest's CPU per event", cpu, "us", f"bare landing {median(r['bare landing'].cpu_seconds / events * 1e6 for r in results):.2f} us")
    size = peers.size_of(bench.path("lake", "lake.duckdb"))
    yield info("ingest", "Bronze on disk", size / events, "bytes per event")
    yield from peers.ingest_rows(events, [r["smelt ingest"] for r in results], size, landed)
    bench.forget("dlt.duckdb", "dlt.duckdb.dlt", "clickhouse-raw", "spark", "flink")


def fill_large_topic(bench, events):
    bench.produce(events, "none", "--out", bench.path("small.jsonl"))
    bench.smelt("produce", "--events", "1", topic="large")  # creates the topic
    bench.python("large_events.py", bench.bootstrap, "large", bench.path("small.jsonl"))
    bench.forget("small.jsonl")


def large(bench):
    """Shows that memory does not depend on the size of the messages."""
    events = bench.options.events // 10
    say(f"{events:,} events of 1 to 10 KB")
    fill_large_topic(bench, events)
    for step in ("ingest", "refine"):
        done = log_run(f"smelt {step}", events, bench.smelt(step, lake="large-lake", topic="large"))
        what, note = f"{step}'s memory, {events:,} of 1-10 KB", f"{rate(events, done):,.0f} events/s"
        yield memory("large", what, done.peak_mib, note, {"ingest": 512, "refine": 350}[step])
    bench.forget("large-lake")
    bench.delete_topic("large")
