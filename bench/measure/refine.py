"""Bronze to Silver and Gold, and the size of the lake on disk."""

import os

from measure import clickhouse, clickhouse_lake, process
from measure.bench import PEERS
from measure.ingest import fill_topic
from measure.report import at_least, at_most, beside, cost, info, median, memory, say
from measure.rounds import log_run, rounds

WANTED = {"dbt-duckdb": 1.5}  # times Smelt's seconds


def bronze(bench):
    """Makes a lake that has the topic's events in Bronze, and no Silver or Gold."""
    fill_topic(bench)
    if not os.path.exists(bench.path("lake", "lake.duckdb")):
        log_run("smelt ingest", bench.options.events, bench.smelt("ingest"))
    if clickhouse.is_measured(bench) and not os.path.exists(bench.path("clickhouse-typed")):
        clickhouse.ingest(bench, "typed", bench.made["events"].json()["acknowledged"])


def refine_round(bench, events):
    bench.copy_lake("lake", "refined")
    bench.copy_lake("lake", "typed")
    refined = log_run("smelt refine", events, bench.smelt("refine", lake="refined"))
    typed = bench.python("typed_table.py", bench.path("typed", "lake.duckdb")).json()["seconds"]
    say(f"  {'CREATE TABLE AS':24} {typed:7.2f} s")
    peers = {"dbt-duckdb": dbt_round(bench, events)} if bench.options.peers else {}
    if clickhouse.is_measured(bench):
        peers["ClickHouse"] = log_run("ClickHouse", events, clickhouse_lake.refine(bench))
    return refined, typed, peers


def dbt(bench, lake):
    """The models of bench/peers/dbt on a Bronze: what a team with dbt would run instead."""
    project = os.path.join(PEERS, "dbt")
    argv = [os.path.join(os.environ["PEERS_VENV"], "bin", "dbt"), "--quiet", "run", "--project-dir", project, "--profiles-dir", project,
            "--target-path", bench.path(lake, "target"), "--log-path", bench.path(lake, "log")]
    return process.run(argv, env=bench.environment() | {"LAKE": bench.path(lake, "lake.duckdb")})


def dbt_round(bench, events):
    bench.copy_lake("lake", "dbt")
    return log_run("dbt-duckdb", events, dbt(bench, "dbt"))


def refine(bench):
    bronze(bench)
    events = bench.options.events
    results = []
    for number in rounds(bench):
        say(f"refine of {events:,} new events, round {number} of {bench.options.rounds}")
        results.append(refine_round(bench, events))
    ratio = median(refined.seconds / typed for refined, typed, _ in results)
    words = f"{median(r.seconds for r, _, _ in results):.2f} s / {median(t for _, t, _ in results):.2f} s"
    yield at_most("refine", "refine / plain typed CREATE TABLE AS", ratio, 1.1, "", words)
    yield memory("refine", "refine's memory", max(r.peak_mib for r, _, _ in results), "largest of all rounds", 300)
    yield size_on_disk(bench, "refined")
    for name in results[0][2]:
        yield compared(events, results, name, WANTED.get(name))
    for step in (("refine", "--full"), ("train",), ("score",), ("publish",)):
        done = log_run(f"smelt {' '.join(step)}", events, bench.smelt(*step, lake="refined"))
        yield info("refine", f"{' '.join(step)}", done.seconds, "s", f"{events:,} events, {bench.options.subscribers:,} subscribers")
    bench.forget("typed", "dbt")


def compared(events, results, name, wanted):
    """How much longer another program takes than Smelt."""
    theirs, smelts = [peers[name] for _, _, peers in results], [refined for refined, _, _ in results]
    ratio, cpu = (median(getattr(a, of) / getattr(b, of) for a, b in zip(theirs, smelts, strict=True)) for of in ("seconds", "cpu_seconds"))
    words = f"{median(r.seconds for r in theirs):.2f} s on both cores, {cpu:.2f} times the CPU, {max(r.peak_mib for r in theirs):.0f} MiB"
    row = at_least("refine", f"{name} / refine", ratio, wanted, "", words) if wanted else info("refine", f"{name} / refine", ratio, "", words)
    return beside(row, f"refine of {events:,} events", name, cost(smelts), cost(theirs))


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
