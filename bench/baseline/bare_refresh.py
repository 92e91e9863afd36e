"""The lower bound for a refresh: the time in which DuckDB durably stores some rows in a lake of Smelt and publishes them.

    bare_refresh.py LAKE SNAPSHOT OUT ROWS      prints one JSON line

No Kafka, no JSON, no duplicate check, no contracts, no features, no scores, no run history: it writes copies of existing rows, those of
Bronze, Silver and Gold in one transaction. The snapshot is a copy of the last one with a new delta, while another thread checkpoints the
lake. The clock starts when the lake is open, and stops before it is closed. LAKE and OUT are changed.
"""

import json
import os
import shutil
import sys
import threading
import time

import duckdb

TABLES = ("bronze_raw_events", "silver_clean_events", "gold_state_sums", "gold_features_fresh")


def durable(path):
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def main():
    lake, snapshot, out, rows = sys.argv[1:]
    con = duckdb.connect(lake, config={"preserve_insertion_order": False, "max_vacuum_tasks": 0})
    for table in TABLES:
        con.execute(f"CREATE TEMP TABLE new_{table} AS FROM {table} LIMIT {rows}")
    began = time.perf_counter()
    con.execute("BEGIN")
    for table in TABLES:
        con.execute(f"INSERT INTO {table} FROM new_{table}")
    con.execute("COMMIT")
    checkpoint = threading.Thread(target=con.cursor().execute, args=("CHECKPOINT",))
    checkpoint.start()
    shutil.copy(snapshot, out)
    con.execute(f"ATTACH '{out}' AS published")
    con.execute("CREATE OR REPLACE TABLE published.gold_features_fresh AS FROM gold_features_fresh")
    con.execute("CHECKPOINT published")
    con.execute("DETACH published")
    durable(out)
    os.replace(out, f"{out}.published")
    durable(os.path.dirname(out))
    checkpoint.join()
    print(json.dumps({"seconds": time.perf_counter() - began}))


main()
