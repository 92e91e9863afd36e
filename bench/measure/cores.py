"""What the second core brings: ingest and refine on one core, by taskset, and on all of this machine."""

import os

from measure import process
from measure.ingest import fill_topic
from measure.report import at_least, at_most, median, say
from measure.rounds import log_run, rounds

BACKLOG = 4  # times the events: for half a second at the beginning and the end one core works alone, whatever waits
WANTED = {"ingest": 1.7, "backlog": 1.7, "refine": 1.4}  # times faster on two cores than on one
ONE_CORE = {"refine": "refine.threads=1"}  # the setting that makes a step use one thread; ingest has none


def on_one_core(bench, *words, **options):
    argv = bench.smelt_argv(*words, "--json", **options)
    return process.run(["taskset", "--cpu-list", str(min(os.sched_getaffinity(0))), *argv], env=bench.environment())


def step_round(bench, step, lake=None, topic="events", events=None):
    """One step into a fresh lake, or a copy of `lake`: on all cores, on one, and on one by its setting."""
    events = events or bench.options.events
    ways = {"all cores": (lambda **o: bench.smelt(step, topic=topic, **o), ()), "one core": (lambda **o: on_one_core(bench, step, topic=topic, **o), ())}
    if step in ONE_CORE:
        ways["one core, one thread"] = (lambda **o: on_one_core(bench, step, **o), (ONE_CORE[step],))
    results = {}
    for name, (start, settings) in ways.items():
        bench.forget("cores")
        if lake:
            bench.copy_lake(lake, "cores")
        results[name] = log_run(f"{step} of {events:,}, {name}", events, start(lake="cores", settings=settings))
    return results


def rows_of(step, what, results):
    both, one = ([r[name].seconds for r in results] for name in ("all cores", "one core"))
    words = f"{median(both):.2f} s / {median(one):.2f} s"
    yield at_least("cores", f"{what}: one core / all of {len(os.sched_getaffinity(0))}", median(b / a for a, b in zip(both, one, strict=True)), WANTED[step], "", words)
    if step in ONE_CORE:
        ratio = median(r["one core"].seconds / r["one core, one thread"].seconds for r in results)
        yield at_most("cores", f"{step} on one core: as many threads as it takes / one thread", ratio, 1.05, "", "the default finds the cores that it may use")


def cores(bench):
    backlog = BACKLOG * bench.options.events
    fill_topic(bench)
    fill_topic(bench, "backlog", BACKLOG)
    measured = {"ingest": [], "backlog": [], "refine": []}
    for number in rounds(bench):
        say(f"one core and all, round {number} of {bench.options.rounds}")
        measured["ingest"].append(step_round(bench, "ingest"))
        measured["backlog"].append(step_round(bench, "ingest", topic="backlog", events=backlog))
        bench.forget("bronze")
        log_run("smelt ingest", bench.options.events, bench.smelt("ingest", lake="bronze"))
        measured["refine"].append(step_round(bench, "refine", "bronze"))
    names = {"ingest": "ingest", "backlog": f"ingest of {backlog:,} events", "refine": "refine"}
    for step, results in measured.items():
        yield from rows_of(step, names[step], results)
    bench.forget("cores", "bronze")
