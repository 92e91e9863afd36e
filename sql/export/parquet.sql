-- The rows in the order in which they came, without the column that only sorts them.
COPY (SELECT COLUMNS(c -> c <> {{hidden}}) FROM exported_rows ORDER BY rowid) TO {{path}} (FORMAT parquet, COMPRESSION zstd)
