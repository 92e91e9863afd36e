"""Bronze to Silver and Gold, and the size of the lake on disk."""

import os

from measure.ingest import fill_topic
from measure.report import at_most, info, median, memory, say
from measure.rounds import log_run, rounds


def bronze(bench):
    """Makes a lake that has the topic's events in Bronze, and no Silver or Gold."""
    fill_topic(bench)
    if not os.path.exists(bench.path("lake", "lake.duckdb")):
        log_run("smelt ingest", bench.options.events, bench.smelt("ingest"))


def refine_round(bench, events):
    bench.copy_lake("lake", "refined")
    bench.copy_lake("lake", "typed")
    refined = log_run("smelt refine", events, bench.smelt("refine", lake="refined"))
    typed = bench.python("typed_table.py", bench.path("typed", "lake.duckdb")).json()["seconds"]
    say(f"  {'CREATE TABLE AS':24} {typed:7.2f} s")
    return refined, typed


def refine(bench):
    bronze(bench)
    events = bench.options.events
    results = []
    for number in rounds(bench):
        say(f"refine of {events:,} new events, round {number} of {bench.options.rounds}")
        results.append(refine_round(bench, events))
    ratio = median(refined.seconds / typed for refined, typed in results)
    words = f"{median(r.seconds for r, _ in results):.2f} s / {median(t for _, t in results):.2f} s"
    yield at_most("refine", "refine / plain typed CREATE TABLE AS", ratio, 1.1, "", words)
    yield memory("refine", "refine's memory", max(r.peak_mib for r, _ in results), "largest of all rounds", 300)
    yield size_on_disk(bench, "refined")
    for step in (("refine", "--full"), ("train",), ("score",), ("publish",)):
        done = log_run(f"smelt {' '.join(step)}", events, bench.smelt(*step, lake="refined"))
        yield info("refine", f"{' '.join(step)}", done.seconds, "s", f"{events:,} events, {bench.options.subscribers:,} subscribers")
    bench.forget("typed")


def size_on_disk(bench, lake):
    produced = bench.made["events"].json()
    raw = produced.get("bytes") or raw_bytes(bench)
    stored = os.path.getsize(bench.path(lake, "lake.duckdb"))
    events = bench.options.events
    note = f"raw JSON {raw / events:.0f}; {stored / raw:.2f} of it"
    return info("refine", "Bronze + Silver + Gold on disk", stored / events, "bytes per event", note)


def raw_bytes(bench):
    """The size of the same number of such events in a file."""
    bench.produce(bench.options.events, "none", "--days", "30", *bench.faults, "--out", bench.path("raw.jsonl"))
    size = os.path.getsize(bench.path("raw.jsonl")) - bench.options.events  # line ends
    bench.forget("raw.jsonl")
    return size
