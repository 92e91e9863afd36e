"""The command line of bench/run."""

import argparse
import json
import os
import shlex
import signal
import sys
from dataclasses import asdict

from measure import page, report
from measure.bench import ROOT, Bench
from measure.groups import GROUPS, ONLY_BY_NAME, measure
from measure.process import Failed

QUICK = {"events": 200_000, "rounds": 1, "histories": [20_000, 200_000], "refreshes": 3, "prototype_events": 500, "prototype_history": 200_000,
         "live_history": 200_000, "live_seconds": 40, "publish_interval": "10s", "churn_subscribers": 5_000}
FULL = {"events": 2_000_000, "rounds": 3, "histories": [100_000, 1_000_000, 10_000_000], "refreshes": 9, "prototype_events": 3_000,
        "prototype_history": 1_000_000, "live_history": 2_000_000, "live_seconds": 100, "publish_interval": "1m", "churn_subscribers": 100_000}


def parse():
    p = argparse.ArgumentParser(prog="bench/run", description="Compares Smelt with simpler programs on the same data, in alternation, and reports which "
                                "targets are met. Needs a quiet machine and about 10 GB of disk; the group live alone takes ten minutes. The table goes to stdout.")
    p.add_argument("--quick", action="store_true", help="small sizes, one round, 2 minutes: tests the benchmarks, does not measure speed")
    p.add_argument("--events", type=int, help="events in the main topic (2,000,000)")
    p.add_argument("--rounds", type=int, help="runs of each program (3)")
    p.add_argument("--histories", type=lambda text: [int(n) for n in text.split(",")], help="numbers of old events for the refresh (100000,1000000,10000000)")
    p.add_argument("--churn-subscribers", type=int, metavar="N", help="subscribers of the group churn (100,000, of 180 events each; 10,000 take a minute)")
    p.add_argument("--only", action="append", choices=GROUPS, metavar="NAME", help=f"one group: {', '.join(GROUPS)}; may be repeated. "
                   f"Only when it is named: {', '.join(sorted(ONLY_BY_NAME))}")
    p.add_argument("--peers", action="store_true", help="also what other teams would run instead: dbt-duckdb, dlt, ClickHouse, Spark, Flink, FastAPI (tools/bootstrap peers installs them)")
    p.add_argument("--json", metavar="FILE", help="also write the rows as JSON")
    p.add_argument("--record", action="store_true", help="write the table into docs/benchmarks.md")
    p.add_argument("--record-peers", action="store_true", help="write what other programs cost into docs/benchmarks.md, with its chart")
    p.add_argument("--page", action="append", metavar="FILE", help="measure nothing: write that page from what --json wrote; may be repeated")
    p.add_argument("--smelt", default=os.path.join(ROOT, "build", "release", "smelt"), metavar="FILE", help="the binary (build/release/smelt)")
    p.add_argument("--dir", help="parent of the temporary folder (.cache); should be on a real disk")
    p.add_argument("--faults", default="0.02", help="share of malformed, late or duplicate messages in the main topic (0.02)")
    p.set_defaults(subscribers=100_000, new_events=500)
    options = p.parse_args()
    for name, value in (QUICK if options.quick else FULL).items():
        if getattr(options, name, None) is None:
            setattr(options, name, value)
    if options.peers and "PEERS_VENV" not in os.environ:
        p.error("--peers: they are not installed; next: tools/bootstrap peers")
    return options


def end_on_signal(*_):
    raise KeyboardInterrupt


def write_page(files):
    """From the rows of one or more runs; the words about the machine are those of the first."""
    runs = []
    for name in files:
        with open(name, encoding="utf-8") as file:
            runs.append(json.load(file))
    page.record(os.path.join(ROOT, "docs"), [row for run in runs for row in run["rows"]], runs[0]["machine"], "` and `".join(run["command"] for run in runs))


def main():
    options = parse()
    if options.page:
        write_page(options.page)
        return 0
    signal.signal(signal.SIGTERM, end_on_signal)
    about = report.machine()
    try:
        with Bench(options) as bench:
            rows = list(measure(bench, options.only or [name for name in GROUPS if name not in ONLY_BY_NAME]))
    except KeyboardInterrupt:
        return 130
    except Failed as error:
        report.say(str(error))
        return 1
    command = shlex.join(["bench/run", *sys.argv[1:]])
    print(f"{report.machine_words(about)}\n\n{report.table(rows)}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(report.as_json(rows, about, command), file, indent=1)
    if options.record_peers:
        page.record(os.path.join(ROOT, "docs"), [asdict(row) for row in rows], about, command)
    if options.record:
        report.record(os.path.join(ROOT, "docs", "benchmarks.md"), rows, about, command)
    return 1 if any(row.target and row.met is None for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
