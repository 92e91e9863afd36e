"""What the second core brings: ingest and refine on one core, by taskset, and on all of this machine."""

import functools
import os

from measure import process
from measure.ingest import fill_topic
from measure.report import at_least, at_most, median, say
from measure.rounds import log_run, rounds

BACKLOG = 4  # times the events: the beginning and the end of ingest, where not both cores are used, take as long whatever waits
ONE_CORE = {"refine": "refine.threads=1"}  # the setting that makes a step use one thread; ingest has none


def on_one_core(bench, *words, **options):
    argv = bench.smelt_argv(*words, "--json", **options)
    return process.run(["taskset", "--cpu-list", str(min(os.sched_getaffinity(0))), *argv], env=bench.environment())


def step_round(bench, step, events, lake=None, topic="events"):
    """One step into a fresh lake, or a copy of `lake`: on all cores, on one, and on one by its setting."""
    ways = {"all cores": (bench.smelt, ()), "one core": (functools.partial(on_one_core, bench), ())}
    if step in ONE_CORE:
        ways["one core, one thread"] = (functools.partial(on_one_core, bench), (ONE_CORE[step],))
    results = {}
    for name, (start, settings) in ways.items():
        bench.forget("cores")
        if lake:
            bench.copy_lake(lake, "cores")
        results[name] = log_run(f"{step} of {events:,}, {name}", events, start(step, lake="cores", topic=topic, settings=settings))
    return results


def row_of(what, wanted, results):
    both, one = ([r[name].seconds for r in results] for name in ("all cores", "one core"))
    ratio, words = median(b / a for a, b in zip(both, one, strict=True)), f"{median(both):.2f} s / {median(one):.2f} s"
    return at_least("cores", f"{what}: one core / all of {len(os.sched_getaffinity(0))}", ratio, wanted, "", words)


def cores(bench):
    events = bench.options.events
    fill_topic(bench)
    fill_topic(bench, "backlog", BACKLOG)
    ingest, backlog, refine = [], [], []
    for number in rounds(bench):
        say(f"one core and all, round {number} of {bench.options.rounds}")
        ingest.append(step_round(bench, "ingest", events))
        backlog.append(step_round(bench, "ingest", BACKLOG * events, topic="backlog"))
        bench.forget("bronze")
        log_run("smelt ingest", events, bench.smelt("ingest", lake="bronze"))
        refine.append(step_round(bench, "refine", events, lake="bronze"))
    yield row_of("ingest", 1.7, ingest)
    yield row_of(f"ingest of {BACKLOG * events:,} events", 1.7, backlog)
    yield row_of("refine", 1.4, refine)
    ratio = median(r["one core"].seconds / r["one core, one thread"].seconds for r in refine)
    yield at_most("cores", "refine on one core: as many threads as it takes / one thread", ratio, 1.05, "", "the default finds the cores that it may use")
    bench.forget("cores", "bronze")
