"""Silver and Gold in ClickHouse: by one statement each, or as the events come, by views of what its Kafka engine lands."""

import json
import os
import time

from measure import clickhouse, process
from measure.bench import PEERS
from measure.report import say

FEATURES = {  # as in bench/peers/dbt/models/gold_subscribers.sql: aggregate, of what, where, decimals
    "total_events": ("count", "", "1", None), "bss_events": ("count", "", "event_type = 'BSS'", None), "oss_events": ("count", "", "event_type = 'OSS'", None),
    "iot_events": ("count", "", "event_type = 'IoT'", None), "avg_signal_dbm": ("avg", "oss_signal_dbm", "1", 1),
    "avg_latency_ms": ("avg", "oss_latency_ms", "1", 1), "avg_packet_loss_pct": ("avg", "oss_packet_loss_pct", "1", 2),
    "avg_bill_zmw": ("avg", "bss_bill_zmw", "1", 2), "avg_data_used_mb": ("avg", "bss_data_used_mb", "1", 0),
    "max_days_overdue": ("max", "bss_days_overdue", "1", None), "overdue_count": ("count", "", "ifNull(bss_payment_status = 'overdue', 0)", None),
    "avg_battery_pct": ("avg", "iot_battery_pct", "1", 1), "avg_quality_score": ("avg", "quality_score", "1", 1),
}  # fmt: skip


def feature(name, days):
    how, column, condition, decimals = FEATURES[name]
    seen = f"{condition} AND age < {days}" if days else condition
    value = f"{how}If({column}{', ' if column else ''}{seen})"
    return f"{value if decimals is None else f'round({value}, {decimals})'} AS {name}{f'_{days}d' if days else ''}"


def gold(where=""):
    """One row for each subscriber, or only for those of a condition on the key, over all of the history and the last 7 and 30 days."""
    columns = ", ".join(feature(name, days) for name in FEATURES for days in (0, 7, 30))
    rule = "ifNull(max_days_overdue > 30, 0) OR ifNull(avg(oss_signal_dbm) < -90, 0) OR ifNull(avg(oss_latency_ms) > 150, 0) AS churn_label"
    age = "dateDiff('day', assumeNotNull(event_timestamp), (SELECT max(event_timestamp) FROM judged WHERE violation = '')) AS age"
    return (f"SELECT subscriber_id, {columns}, {rule} FROM (SELECT *, {age} FROM judged FINAL {where and f'PREWHERE {where}'} WHERE violation = '') "
            "GROUP BY subscriber_id HAVING total_events >= 2")  # fmt: skip


def judge(server, what, **settings):
    with open(os.path.join(PEERS, "clickhouse", "judge.sql"), encoding="utf-8") as file:
        server.query(file.read().format(what=what), **settings)


def make_gold(server):
    server.query(f"CREATE TABLE gold ENGINE = ReplacingMergeTree ORDER BY subscriber_id SETTINGS fsync_after_insert = 1 AS {gold()}")


def refine(bench):
    """Silver, quarantine and Gold from the typed Bronze that its ingest left. The clock is that of the statements alone."""
    with clickhouse.ClickHouse(bench, "clickhouse-typed") as server:
        for table in ("gold", "quarantine", "silver", "judged"):
            server.query(f"DROP TABLE IF EXISTS {table} SYNC")
        server.execute("judged.sql")
        cpu, began = server.cpu_seconds(), time.perf_counter()
        judge(server, "INSERT INTO judged", max_threads=2, max_insert_threads=2)
        make_gold(server)
        seconds, cpu = time.perf_counter() - began, server.cpu_seconds() - cpu
        counted = {table: server.number(f"SELECT count() FROM {table}") for table in ("silver", "quarantine", "gold")}
        counted["bytes"] = server.bytes_of("judged", "gold")
        return process.Finished(seconds, cpu, server.peak_mib(), json.dumps(counted))


class Resident(clickhouse.ClickHouse):
    """A server that has a history, and follows a topic: what it lands becomes Silver by a view, and Gold when it is asked."""

    def __init__(self, bench, name, topic, flush_ms=500):
        super().__init__(bench, name)
        self.bench, self.topic, self.flush_ms = bench, topic, flush_ms

    def load(self, file):
        say(f"loading {os.path.basename(file)} into ClickHouse")
        self.execute("bronze.sql")
        self.execute("judged.sql")
        self.execute("history.sql", path=file)
        judge(self, "INSERT INTO judged")
        make_gold(self)
        judge(self, "CREATE MATERIALIZED VIEW judging TO judged AS")
        self.follow(self.bench, self.topic, self.flush_ms, consumers=1)
        self.wait_for_merges()

    def landed(self):
        return self.number("SELECT count() FROM judged WHERE kafka_partition >= 0")

    def refresh(self, before, events, since):
        """Until so many more events are in Silver, and Gold of their subscribers is new."""
        began = time.perf_counter()
        while self.landed() < before + events and time.perf_counter() - began < 60:
            time.sleep(0.01)
        touched = f"subscriber_id IN (SELECT upperUTF8(subscriber_id) FROM bronze WHERE ingested_at >= fromUnixTimestamp64Milli({since}))"
        self.query(f"INSERT INTO gold {gold(touched)}")
        return time.perf_counter() - began

    def shows(self, subscriber):
        return subscriber in self.query(gold(f"subscriber_id = '{subscriber}'"), max_threads=1)
