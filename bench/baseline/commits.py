"""commits.py LAKE FROM TO: the seconds between the commits of a lake from one second since 1970 to another, as JSON."""

import json
import sys

import duckdb

path, began, ended = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
with duckdb.connect(path, read_only=True) as conn:
    times = [row[0] for row in conn.execute("SELECT epoch(committed_at) FROM ledger_batches ORDER BY 1").fetchall()]
times = [time for time in times if began <= time <= ended]
print(json.dumps([b - a for a, b in zip([began, *times], [*times, ended])]))
