"""The environment of the benchmarks: a temporary folder, a real broker, and the programs. Everything is removed at the end."""

import os
import shutil
import subprocess
import sys
import tempfile

from measure import process
from measure.report import say

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BASELINE = os.path.join(ROOT, "bench", "baseline")
PEERS = os.path.join(ROOT, "bench", "peers")


class Bench:
    """Use as a context manager."""

    def __init__(self, options):
        self.options = options
        self.smelt_path = os.path.abspath(options.smelt)
        self.faults = ("--faults", options.faults)
        self.made = {}  # the summary of `smelt produce`, by topic
        self.folder = self.bootstrap = None

    def __enter__(self):
        parent = self.options.dir or os.path.join(ROOT, ".cache")
        os.makedirs(parent, exist_ok=True)
        self.folder = tempfile.mkdtemp(prefix="bench-", dir=parent)
        try:
            self.build_baseline()
            self.start_broker()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for child in list(process.running):
            process.stop(child)
        if self.bootstrap is not None or os.path.exists(self.path("kafka")):
            subprocess.run([self.kafka_tool, "down", "--delete", "--dir", self.path("kafka")], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

        # ---- setup ----

    kafka_tool = os.path.join(ROOT, "tools", "kafka")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def build_baseline(self):
        if not os.access(self.smelt_path, os.X_OK):
            raise process.Failed(f"there is no {self.smelt_path}: run tools/build release, or name a binary with --smelt")
        process.run(["make", "-s", "-C", BASELINE, f"OUT={self.folder}", f"DEPS={os.environ['SMELT_DEPS']}"])

    def start_broker(self):
        say("starting a Kafka broker")
        done = subprocess.run([self.kafka_tool, "up", "--dir", self.path("kafka")], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise process.Failed("no broker: the output of tools/kafka is above")
        self.bootstrap = done.stdout.strip()

    # ---- programs ----

    def smelt(self, *words, lake="lake", topic="events", settings=()):
        """Runs `smelt WORDS --json` and returns a Finished; .json() is the summary of the command."""
        return process.run(self.smelt_argv(*words, "--json", lake=lake, topic=topic, settings=settings), env=self.environment())

    def smelt_argv(self, *words, lake="lake", topic="events", settings=()):
        pairs = [f"kafka.bootstrap={self.bootstrap}", f"kafka.topic={topic}", f"data.dir={self.path(lake)}", *settings]
        return [self.smelt_path, *words[:1], *(word for pair in pairs for word in ("--set", pair)), *words[1:]]

    def environment(self):
        """The environment without Smelt's settings of the user who runs the benchmarks."""
        named = ("KAFKA_BOOTSTRAP", "NUM_EVENTS", "PRODUCER_MODE")
        return {k: v for k, v in os.environ.items() if not k.startswith("SMELT_") and k not in named}

    def bare_landing(self, topic, database):
        return process.run([self.path("bare_landing"), self.bootstrap, topic, self.path(database)])

    def python(self, program, *words):
        return process.run([sys.executable, os.path.join(BASELINE, program), *map(str, words)])

    # ---- data ----

    def produce(self, events, topic, *words, subscribers=None):
        """Sends events to a topic. Returns a Finished."""
        pool = subscribers or self.options.subscribers
        return self.smelt("produce", "--events", str(events), "--subscribers", str(pool), *words, topic=topic)

    def forget(self, *names):
        """Removes databases, lakes and files."""
        for name in names:
            path = self.path(name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            for file in (path, path + ".wal"):
                if os.path.exists(file):
                    os.remove(file)

    def copy_lake(self, lake, to):
        """Copies only the database file, which no process has open. Syncs it, so that the measured program does not wait for this copy."""
        self.forget(to)
        os.makedirs(self.path(to))
        shutil.copy(self.path(lake, "lake.duckdb"), self.path(to, "lake.duckdb"))
        os.sync()

    def delete_topic(self, topic):
        self.python("topic.py", "delete", self.bootstrap, topic)
