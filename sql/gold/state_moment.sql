-- Which table the state is, where its rows end, and its newest day.
SELECT (SELECT table_oid FROM duckdb_tables() WHERE table_name = $1 AND database_name = current_database()),
    (SELECT coalesce(max(rowid), -1) + 1 FROM {{table}}), newest - DATE '1970-01-01'
FROM {{state}}
