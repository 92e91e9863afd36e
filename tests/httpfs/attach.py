"""attach.py URL TOKEN FILE: attaches a snapshot over HTTP, as a person with DuckDB would, and compares it with the file. Runs in a venv of its own
(tests/httpfs/requirements.in)."""

import importlib.util
import sys
from pathlib import Path

import duckdb

url, token, file = sys.argv[1:]
found = importlib.util.find_spec("duckdb_extension_httpfs")
assert found is not None and found.origin is not None
(extension,) = Path(found.origin).parent.rglob("httpfs.duckdb_extension")
conn = duckdb.connect()
conn.execute(f"LOAD '{extension}'")
conn.execute(f"CREATE SECRET (TYPE http, BEARER_TOKEN '{token}', SCOPE '{url.rsplit('/api/', 1)[0]}')")
conn.execute(f"ATTACH '{url}' AS remote (READ_ONLY)")
conn.execute(f"ATTACH '{file}' AS local (READ_ONLY)")
tables = [name for (name,) in conn.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'local' ORDER BY ALL").fetchall()]
for table in tables:
    rows = [conn.execute(f'SELECT t::VARCHAR FROM {database}."{table}" AS t ORDER BY ALL').fetchall() for database in ("remote", "local")]
    assert rows[0] == rows[1], table
print(len(tables))
