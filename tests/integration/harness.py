"""What the integration tests stand on: a broker, a topic, a lake with its `smelt`, and the proof that everything sent is there once."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import string
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

ROOT = Path(__file__).resolve().parents[2]
# Compaction is looked for by tests, not waited for; and tests may deny rights.
BROKER = (
    *("--property", "log.cleaner.backoff.ms=200"),
    *("--property", "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer"),
    *("--property", "allow.everyone.if.no.acl.found=true"),
)
BUILD = Path(os.environ.get("BUILD_DIR") or ROOT / "build/debug").resolve()
SANITIZER_FOUND = 99  # tests/sanitizers.env
Json = dict[str, Any]


def eventually(what: str, check: Callable[[], Any], seconds: float = 60) -> Any:
    """Waits for `check` to be true and returns its value; the deadline is a failure that says what did not come.

    It is long, as machines are that have other things to do: only who waits in vain waits so long."""
    until = time.monotonic() + seconds
    while not (value := check()):
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)
    return value


def free_port() -> int:
    """Below the range from which the kernel gives ports to clients: no connection takes it before the server that it is for."""
    first_of_clients = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in random.sample(range(10_000, first_of_clients if first_of_clients > 12_000 else 32_768), 100):
        with socket.socket() as found, contextlib.suppress(OSError):
            found.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


def read_env(path: Path, **variables: str) -> dict[str, str]:
    """KEY=value lines; $NAME is replaced by the variables."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return {key: string.Template(value).substitute(variables) for key, value in (line.split("=", 1) for line in lines)}


def clean_environment() -> dict[str, str]:
    """Of the caller without settings of ours, with the sanitizers' options."""
    ours = ("SMELT_", "KAFKA_", "NUM_EVENTS", "PRODUCER_MODE")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return kept | read_env(ROOT / "tests/sanitizers.env", ROOT=str(ROOT))


# ---- Kafka ----


class Sent(NamedTuple):
    partition: int
    offset: int
    value: bytes | None


class Broker:
    """A broker of our own through tools/kafka."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.is_down = False
        self.address = self.tool("up", *options).strip()
        self.admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        self.producer = self.new_producer()

    def new_producer(self) -> Producer:
        return Producer(self.client_options() | {"enable.idempotence": True, "linger.ms": 5, "message.max.bytes": 8_000_000})

    def client_options(self) -> dict[str, Any]:
        return {"bootstrap.servers": self.address, "log_level": 0}

    def tool(self, command: str, *options: str) -> str:
        done = subprocess.run([ROOT / "tools/kafka", command, *options, "--dir", self.folder], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def kill(self) -> None:
        self.is_down = True
        self.tool("kill-node", "1")

    def down(self) -> None:
        self.is_down = True
        self.tool("down")

    def start(self) -> None:
        """At the same address; nothing to do when it runs."""
        if self.is_down:
            self.tool("start-node", "1")
        self.is_down = False

    def topic(self, name: str, partitions: int = 2, **config: str) -> Topic:
        topic = Topic(self, name, partitions, config)
        topic.create()
        return topic


@dataclass
class Topic:
    broker: Broker
    name: str
    partitions: int
    config: dict[str, str] = field(default_factory=dict)

    def create(self) -> None:
        """Also again, after delete: the broker may still be busy with the old one."""

        def created() -> bool:
            request = self.broker.admin.create_topics([NewTopic(self.name, self.partitions, 1, config=self.config)])
            try:
                request[self.name].result(10)
            except KafkaException as problem:
                assert problem.args[0].name() == "TOPIC_ALREADY_EXISTS", problem
                return False
            return True

        eventually(f"topic {self.name} created", created)
        eventually(f"leaders of {self.name}", self.is_ready)

    def is_ready(self) -> bool:
        found = self.broker.admin.list_topics(self.name, timeout=10).topics[self.name]
        return len(found.partitions) == self.partitions and all(p.leader >= 0 for p in found.partitions.values())

    def delete(self) -> None:
        self.broker.admin.delete_topics([self.name])[self.name].result(10)
        eventually("topic gone", lambda: self.name not in self.broker.admin.list_topics(timeout=10).topics)

    def delete_records(self, partition: int, before: int) -> None:
        asked = TopicPartition(self.name, partition, before)
        (answer,) = self.broker.admin.delete_records([asked]).values()
        assert answer.result(10).low_watermark == before

    def send(self, values: Iterable[bytes | None], partition: int | None = None, producer: Producer | None = None) -> list[Sent]:
        """Sends and waits for every acknowledgement; round robin over the partitions unless one is given."""
        sent: list[Sent] = []

        def acknowledged(error: Any, message: Any) -> None:
            assert error is None, error
            sent.append(Sent(message.partition(), message.offset(), message.value()))

        used = producer or self.broker.producer
        for number, value in enumerate(values):
            where = number % self.partitions if partition is None else partition
            while True:
                try:
                    used.produce(self.name, value, partition=where, on_delivery=acknowledged)
                    break
                except BufferError:
                    used.poll(0.1)
            used.poll(0)
        assert used.flush(60) == 0
        return sent

    def committed(self, group: str) -> int:
        """What smelt has told the broker to be durable: the sum of the next offsets; -1 when the broker cannot tell just now."""
        consumer = Consumer(self.broker.client_options() | {"group.id": group})
        try:
            asked = [TopicPartition(self.name, p) for p in range(self.partitions)]
            return sum(max(answer.offset, 0) for answer in consumer.committed(asked, timeout=10))
        except KafkaException:
            return -1
        finally:
            consumer.close()


# ---- settings and messages of many tests ----

FREE_PORT = ("--set", "http.listen=127.0.0.1:0")
SMALL_BATCHES = ("--set", "ingest.batch_rows=150", "--set", "ingest.commit_interval=20ms")
PAID: Json = {"plan": "Prepaid Lite", "data_used_mb": 100, "bill_amount_zmw": 10.5, "payment_status": "paid", "days_overdue": 0}


# ---- events ----


def event(number: int, **changes: Any) -> Json:
    """The envelope that everybody agrees on; event n is always the same."""
    base = {
        "id": f"{number:08x}",
        "type": "bss",
        "source": "billing",
        "subscriber_id": f"SUB-{number % 97:05d}",
        "timestamp": f"2026-11-{1 + number // 86400 % 28:02d}T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}.{number % 1000:03d}Z",
        "payload": {"plan": "prepaid", "data_used_mb": number % 5000, "note": f"é{number}"},
        "quality_score": 50 + number % 51,
    }
    return {key: value for key, value in (base | changes).items() if value is not ...}


def billing(number: int, **changes: Any) -> Json:
    """An event that its contract accepts."""
    return event(number, **({"type": "BSS", "source": "ZM_CRM", "payload": PAID} | changes))


def encode(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def events(first: int, count: int, **changes: Any) -> list[bytes]:
    return [encode(event(n, **changes)) for n in range(first, first + count)]


# ---- smelt ----


@dataclass(frozen=True)
class Result:
    code: int
    stdout: str
    stderr: str

    @property
    def summary(self) -> Json:
        lines = self.stdout.strip().splitlines()
        assert lines, f"no summary; stderr: {self.stderr}"
        return json.loads(lines[-1])

    @property
    def error(self) -> str:
        return self.summary["error"]["message"]


def judged(result: Result) -> Result:
    """A sanitizer's finding is a failure whatever the test expected."""
    found = result.code == SANITIZER_FOUND or "Sanitizer" in result.stderr or "runtime error:" in result.stderr
    assert not found, result.stderr
    assert result.code not in (-signal.SIGSEGV, -signal.SIGABRT, 70), f"exit {result.code}: {result.stderr}"
    return result


class Starvation:
    """How long the threads of a process, taken together, were ready to run while others had the processors: no time of the process's own."""

    def __init__(self, process: int) -> None:
        self.threads = Path(f"/proc/{process}/task")
        self.before = self.look()
        self.now = dict(self.before)

    def look(self) -> dict[str, int]:
        found = {}
        for thread in self.threads.glob("*"):
            with contextlib.suppress(OSError):  # a thread that has just ended
                found[thread.name] = int((thread / "schedstat").read_text().split()[1])
        return found

    def seconds(self) -> float:
        self.now |= self.look()
        return sum(waited - self.before.get(thread, 0) for thread, waited in self.now.items()) / 1e9


class Stopwatch:
    """Seconds since its start that a process had for its work, and we for looking at it, however busy the machine is."""

    def __init__(self, process: int) -> None:
        self.starved = [Starvation(process), Starvation(os.getpid())]
        self.began = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self.began - sum(one.seconds() for one in self.starved)


class Running:
    """A smelt that goes on in the background."""

    def __init__(self, command: Sequence[str | Path], env: dict[str, str], folder: Path, inherit_signals: bool = False) -> None:
        self.files = [folder / f"smelt-{time.monotonic_ns()}.{name}" for name in ("out", "err")]
        with self.files[0].open("w") as out, self.files[1].open("w") as err:
            self.process = subprocess.Popen(command, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err, restore_signals=not inherit_signals)

    @property
    def stderr(self) -> str:
        return self.files[1].read_text()

    @property
    def stdout(self) -> str:
        return self.files[0].read_text()

    def is_running(self) -> bool:
        return self.process.poll() is None

    def wait_for_log(self, text: str) -> None:
        eventually(f"'{text}' in the log: {self.stderr}", lambda: text in self.stderr or not self.is_running())
        assert text in self.stderr, self.stderr

    def kill(self) -> bool:
        """SIGKILL; false when it had ended before."""
        ended = self.process.poll() is not None
        self.process.kill()
        self.process.wait(10)
        return not ended

    def end(self, number: signal.Signals = signal.SIGTERM, seconds: float = 5) -> Result:
        """Asks it to end and waits that long at most."""
        self.process.send_signal(number)
        return self.wait(seconds)

    def wait(self, seconds: float = 60) -> Result:
        """Its end, within so much time of its own."""
        watch = Stopwatch(self.process.pid)
        while self.is_running():
            if watch.seconds() > seconds:
                self.process.kill()
                raise AssertionError(f"still there after {seconds} s: {self.stderr}")
            time.sleep(0.02)
        return judged(Result(self.process.returncode, self.stdout, self.stderr))


class Smelt:
    """One lake and the binary over it. Settings go by the environment; --set in `args` wins over them."""

    def __init__(self, binary: Path, folder: Path, topic: Topic | None = None, **settings: str) -> None:
        self.binary, self.folder, self.topic = binary, folder, topic
        self.data = folder / "data"
        self.lake = self.data / "lake.duckdb"
        self.started: list[Running] = []
        self.env = clean_environment() | {"SMELT_DATA_DIR": str(self.data), "SMELT_LOG_FORMAT": "json"}
        if topic is not None:
            self.env |= {"SMELT_KAFKA_BOOTSTRAP": topic.broker.address, "SMELT_KAFKA_TOPIC": topic.name, "SMELT_KAFKA_GROUP_ID": topic.name}
        self.env |= {f"SMELT_{key.upper()}": value for key, value in settings.items()}

    def command(self, args: Sequence[str | Path]) -> list[str | Path]:
        return [self.binary, *args, "--json"]

    def __call__(self, *args: str | Path, code: int = 0, seconds: float = 120, **env: str) -> Json:
        """Runs to the end; the exit code must be as said; returns the summary."""
        result = self.run(*args, seconds=seconds, **env)
        assert result.code == code, f"{args}: exit {result.code}, expected {code}: {result.stdout} {result.stderr}"
        return result.summary

    def run(self, *args: str | Path, seconds: float = 120, json_summary: bool = True, **env: str) -> Result:
        command = self.command(args) if json_summary else [self.binary, *args]
        done = subprocess.run(command, env=self.env | env, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)
        return judged(Result(done.returncode, done.stdout, done.stderr))

    def start(self, *args: str | Path, inherit_signals: bool = False, **env: str) -> Running:
        running = Running(self.command(args), self.env | env, self.folder, inherit_signals)
        self.started.append(running)
        return running

    @property
    def log(self) -> Path:
        """The lake's write-ahead log."""
        return self.lake.with_suffix(".duckdb.wal")

    def commit_and_kill(self, topic: Topic, first: int = 0, batches: int = 6) -> list[Sent]:
        """Commits of 100 events each that are in the write-ahead log alone: the process is killed before it closes the lake."""
        before = self.audit()["offsets"] if self.lake.exists() else 0  # the lake's own, which Kafka need not have been told
        running = self.start("ingest", "--follow", "--set", "ingest.commit_interval=50ms")
        sent: list[Sent] = []
        for number in range(batches):
            sent += topic.send(events(first + number * 100, 100))
            eventually(f"{before + len(sent)} committed", lambda: topic.committed(topic.name) >= before + len(sent))
        assert running.kill()
        assert self.log.stat().st_size > 0
        return sent

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Reads the lake; no smelt may be running on it."""
        with duckdb.connect(str(self.lake), read_only=True) as conn:
            return conn.execute(sql, values).fetchall()

    def value(self, sql: str, *values: Any) -> Any:
        return self.rows(sql, *values)[0][0]

    def peek(self, sql: str) -> Any:
        """One value of the lake while a smelt writes it, from a copy; None when the copy came out torn."""
        copy = self.folder / "peek.duckdb"
        copied_log = copy.with_suffix(".duckdb.wal")
        try:
            copied_log.unlink(missing_ok=True)
            shutil.copy(self.lake, copy)
            log = self.lake.with_suffix(".duckdb.wal")
            if log.exists():
                shutil.copy(log, copied_log)
            with duckdb.connect(str(copy)) as conn:
                return conn.execute(sql).fetchone()[0]
        except (duckdb.Error, OSError):
            return None

    def audit(self) -> Json:
        found = self("audit")
        assert found["ok"] and found["missing"] == 0 and found["repeated"] == 0, found
        assert found["offsets"] == found["landed"] + found["duplicates"] + found["rejected"] + found["gaps"], found
        return found

    def assert_holds(self, sent: Iterable[Sent], topic: str = "%") -> None:
        """Everything that was acknowledged is in the lake exactly once, at its own place and with its own bytes; and nothing else of the topic is."""
        expected = {(m.partition, m.offset): m.value for m in sent}
        of = "WHERE kafka_topic LIKE $1"
        landed = self.rows(f"SELECT kafka_partition, kafka_offset, event_id, source_system, raw_payload::VARCHAR FROM bronze_raw_events {of}", topic)
        rejected = self.rows(f"SELECT kafka_partition, kafka_offset, raw_value FROM bronze_rejects {of}", topic)
        copies = self.rows(f"SELECT kafka_partition, kafka_offset, event_id FROM bronze_duplicates {of}", topic)
        places = [row[:2] for row in landed + rejected + copies]
        assert len(places) == len(set(places)), "there are offsets in two places"
        assert set(places) == set(expected), f"lost {sorted(set(expected) - set(places))[:5]}, invented {sorted(set(places) - set(expected))[:5]}"
        for partition, offset, event_id, source, payload in landed:
            message = json.loads(expected[partition, offset] or b"")
            assert (event_id, source) == (str(message["id"]), message["source"])
            assert payload == (encode(message["payload"]).decode() if "payload" in message else None)
        for partition, offset, value in rejected:
            assert value == expected[partition, offset]
        for partition, offset, event_id in copies:
            assert event_id == json.loads(expected[partition, offset] or b"")["id"]


def history(smelt: Smelt, count: int, days: int = 40, subscribers: int = 150, faults: float = 0.02) -> None:
    """Events of the synthetic operator in the topic, always the same ones."""
    options = {"seed": 5, "start": "2026-10-01", "days": days, "subscribers": subscribers, "events": count, "faults": faults}
    done = smelt("produce", *(word for name, value in options.items() for word in (f"--{name}", str(value))))
    assert done["acknowledged"] == count


# ---- comparing tables, asking the API ----

# what refine makes, without the columns that say when it ran
REFINED = {
    "silver_clean_events": "",
    "silver_quarantine": "EXCLUDE (quarantined_at)",
    "gold_subscriber_features": "",
    "gold_tower_features": "",  # where the pipeline has towers
}


def refined(smelt: Smelt) -> dict[str, list[str]]:
    """Every row as text, so that a difference in the last digit shows."""
    there = {name for (name,) in smelt.rows("SELECT table_name FROM information_schema.tables")}
    return {
        table: [row[0] for row in smelt.rows(f"SELECT to_json(t)::VARCHAR FROM (SELECT * {less} FROM {table}) AS t ORDER BY 1")]
        for table, less in REFINED.items()
        if table in there or table != "gold_tower_features"
    }


def assert_same(one: dict[str, list[str]], other: dict[str, list[str]]) -> None:
    assert one.keys() == other.keys()
    for table in one:
        assert len(one[table]) == len(other[table]), f"{table}: {len(one[table])} and {len(other[table])} rows"
        for left, right in zip(one[table], other[table], strict=True):
            assert left == right, table


class Api:
    """HTTP without a library: what curl would see."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def ask(self, path: str, timeout: float = 20) -> tuple[int, str, bytes]:
        """Status, content type, body."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=timeout) as answer:
                return answer.status, answer.headers.get_content_type(), answer.read()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers.get_content_type(), answer.read()

    def get(self, path: str, status: int = 200) -> Json:
        code, _, body = self.ask(path)
        assert code == status, f"{path}: {code} {body[:300]!r}"
        return json.loads(body)


def serving(running: Running) -> Api:
    """The API of a `smelt serve` or `smelt up`, once it listens."""
    running.wait_for_log("listening at ")
    match = re.search(r"listening at (http://[^\s\"]+)", running.stderr)
    assert match, running.stderr
    return Api(match.group(1))


def first_run_is_over(api: Api) -> bool:
    """Before it publishes, a run is stored as one that is done, for the snapshot: only then its last step has no time yet."""
    return [run["steps"][-1]["seconds"] is not None for run in api.get("/api/v1/runs")["runs"] if run["steps"]] == [True]


def is_ready(api: Api) -> bool:
    """Also of a server that begins anew meanwhile, which drops its connections."""
    try:
        return api.ask("/readyz")[0] == 200
    except OSError:
        return False


def filled(smelt: Smelt, count: int = 300, steps: Sequence[str] = ("refine", "publish")) -> Smelt:
    """A lake of events of the synthetic operator, without a broker."""
    smelt("produce", "-n", str(count), "--out", "events.jsonl")
    smelt("ingest", "--from", "events.jsonl")
    for step in steps:
        smelt(step)
    return smelt
