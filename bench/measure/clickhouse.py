"""ClickHouse as a server of its own, and what it does instead of Smelt: landing a topic by its Kafka engine, Silver and Gold by SQL."""

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request

from measure import process
from measure.bench import PEERS
from measure.server import Server
from measure.start import free_port

SQL = os.path.join(PEERS, "clickhouse")
IDLE_S = 15  # a topic whose last messages are dropped never ends otherwise
CONFIG = """<clickhouse><logger><level>warning</level><log>{folder}/server.log</log></logger><listen_host>127.0.0.1</listen_host>
<tcp_port>{tcp}</tcp_port><http_port>{http}</http_port><background_pool_size>2</background_pool_size></clickhouse>
"""
LISTEN = ("SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; SELECT sum(sleepEachRow(1)) FROM numbers(1000000) "
          "SETTINGS max_block_size = 1, max_threads = 1, max_execution_time = 0, function_sleep_max_microseconds_per_block = 3000000")  # fmt: skip


def is_measured(bench):
    """It is asked for, and there is one for this kind of machine."""
    return bench.options.peers and "CLICKHOUSE" in os.environ


class ClickHouse(Server):
    """A server on a folder, new or one of before."""

    def __init__(self, bench, name):
        folder = bench.path(name)
        os.makedirs(folder, exist_ok=True)
        port, config = free_port(), os.path.join(folder, "config.xml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(folder=folder, tcp=free_port(), http=port))
        argv = [os.environ["CLICKHOUSE"], "--config-file", config, "--path", folder, "--query", LISTEN]
        super().__init__(argv, bench.environment(), port, "/ping")

    def query(self, sql, **settings):
        address = self.url("/?" + urllib.parse.urlencode(settings))
        try:
            with urllib.request.urlopen(urllib.request.Request(address, data=sql.encode()), timeout=600) as answer:
                return answer.read().decode().strip()
        except urllib.error.HTTPError as error:
            raise process.Failed(f"ClickHouse: {error.read().decode()[:300]}") from None

    def execute(self, file, **values):
        """The statements of a file, one after the other."""
        with open(os.path.join(SQL, file), encoding="utf-8") as text:
            for statement in text.read().format(**values).split(";\n"):
                if statement.strip():
                    self.query(statement, prefer_column_name_to_alias=1)

    def number(self, sql):
        return int(self.query(sql) or 0)

    def wait_for_merges(self):
        while self.number("SELECT count() FROM system.merges") > 0:
            time.sleep(0.1)

    def bytes_of(self, *tables):
        names = ", ".join(f"'{table}'" for table in tables)
        return self.number(f"SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table IN ({names})")

    def follow(self, bench, topic, flush_ms, consumers=2):
        """Begins to land a topic in the table bronze."""
        self.execute("queue.sql", bootstrap=bench.bootstrap, topic=topic, group=f"bench-{time.time_ns()}", flush_ms=flush_ms, consumers=consumers,
                     parallel=int(consumers > 1))  # fmt: skip


def wait_for_offsets(server, offsets):
    """Until all offsets have passed; the time of the last one that did."""
    landed, at = -1, time.perf_counter()
    while landed < offsets and time.perf_counter() - at < IDLE_S:
        now = server.number("SELECT sum(last) FROM (SELECT max(kafka_offset) + 1 AS last FROM bronze GROUP BY kafka_partition)")
        if now != landed:
            landed, at = now, time.perf_counter()
        time.sleep(0.1)
    return at


def ingest(bench, kind, offsets):
    """Lands the topic in an empty folder, from the start of the process on. Its memory and size are after the merges."""
    name = f"clickhouse-{kind}"
    bench.forget(name)
    began = time.perf_counter()
    with ClickHouse(bench, name) as server:
        if kind == "raw":
            server.execute("raw.sql", bootstrap=bench.bootstrap, topic="events", group=f"bench-{time.time_ns()}")
        else:
            server.execute("bronze.sql")
            server.follow(bench, "events", 1000)
        seconds, cpu = wait_for_offsets(server, offsets) - began, server.cpu_seconds()
        server.query("DROP TABLE landing SYNC")
        server.query("DROP TABLE queue SYNC")
        server.wait_for_merges()
        summary = {"rows": server.number("SELECT count() FROM bronze"), "bytes": server.bytes_of("bronze")}
        return process.Finished(seconds, cpu, server.peak_mib(), json.dumps(summary))
