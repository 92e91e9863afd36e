"""The command line of bench/profile: flame graphs by perf of whole processes (ingest, refine) and of servers under load (up, serve)."""

import argparse
import os
import shutil
import subprocess
import sys
import threading
from xml.etree import ElementTree

from measure import api, live, process
from measure.bench import ROOT, Bench
from measure.ingest import fill_topic
from measure.probes import start_load
from measure.report import machine, machine_words, say

SECONDS = 20  # of a server
RECORD = ("perf", "record", "-q", "-e", "cpu-clock", "-F", "199", "--call-graph", "dwarf,16384")


SVG = "http://www.w3.org/2000/svg"
NEEDS_SCRIPT = ("search", "matched", "unzoom", "details")  # ids of its controls


def without_script(path):
    """What the graph runs in a browser is somebody else's code, which an image in a page never runs: the graph is kept, it is not."""
    ElementTree.register_namespace("", SVG)
    tree = ElementTree.parse(path)
    root = tree.getroot()
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{{{SVG}}}script" or child.get("id") in NEEDS_SCRIPT:
                parent.remove(child)
    root.attrib.pop("onload", None)
    tree.write(path, encoding="unicode")


class Profiler:
    def __init__(self, bench, folder):
        self.bench, self.folder = bench, os.path.abspath(folder)
        os.makedirs(self.folder, exist_ok=True)

    def record(self, name, *words):
        say(f"profile of {name}")
        process.run([*RECORD, "-o", self.bench.path("perf.data"), *words], env=self.bench.environment())
        self.draw(name)

    def draw(self, name):
        tool = os.path.join(os.environ["PEERS_VENV"], "bin", "flamegraph")
        svg = os.path.join(self.folder, f"{name}.svg")
        process.run([tool, "--perfdata", self.bench.path("perf.data"), "--no-inline", "--deterministic", "--min-width", "0.5", "--title", f"smelt {name}",
                     "-o", svg], env=self.bench.environment())  # fmt: skip
        without_script(svg)
        say(f"  {os.path.relpath(svg)}")

    def command(self, name, **where):
        self.record(name, "--", *self.bench.smelt_argv(name, **where))

    def server(self, name, pid):
        self.record(name, "-p", str(pid), "--", "sleep", str(SECONDS))


def profile_serve(profiler):
    bench = profiler.bench
    for step in ("train", "score", "publish"):
        bench.smelt(step, lake="lake")
    shutil.copytree(bench.path("lake"), bench.path("served"))
    with api.serve(bench) as server:
        thread = threading.Thread(target=lambda: [api.load(server, *api.ROWS["one subscriber"][:1], bench.options.subscribers - 1) for _ in range(SECONDS // api.SECONDS)])
        thread.start()
        profiler.server("serve", server.child.pid)
        thread.join()


def profile_up(profiler):
    up, load = live.Up(profiler.bench, "up.publish_interval=10s"), start_load(profiler.bench, "live", 2000)
    try:
        profiler.server("up", up.child.pid)
    finally:
        process.stop(load)
        process.running.discard(load)
        up.end()


def parse():
    p = argparse.ArgumentParser(prog="bench/profile", description="Flame graphs of smelt ingest, refine, serve and up, as SVG, by perf.")
    p.add_argument("--out", default=os.path.join(ROOT, "build", "profile"), metavar="FOLDER", help="where the SVG files go (build/profile)")
    p.add_argument("--events", type=int, default=2_000_000, help="events in the topic (2,000,000)")
    p.add_argument("--smelt", default=os.path.join(ROOT, "build", "release", "smelt"), metavar="FILE", help="the binary (build/release/smelt)")
    p.add_argument("--dir", help="parent of the temporary folder (.cache)")
    p.set_defaults(faults="0.02", subscribers=100_000)
    options = p.parse_args()
    for tool, part in (("perf", "linux-perf"), ("wrk", "wrk")):
        if shutil.which(tool) is None:
            p.error(f"there is no {tool}; next: install Debian's {part}, or run tools/bootstrap peers")
    if "PEERS_VENV" not in os.environ:
        p.error("flamegraph is not installed; next: tools/bootstrap peers")
    return options


def main():
    options = parse()
    try:
        with Bench(options) as bench:
            profiler = Profiler(bench, options.out)
            fill_topic(bench, "live")
            profiler.command("ingest", topic="live")
            profiler.command("refine", topic="live")
            profile_serve(profiler)
            profile_up(profiler)
    except (process.Failed, subprocess.SubprocessError) as error:
        say(str(error))
        return 1
    print(machine_words(machine()))
    return 0


sys.exit(main())
