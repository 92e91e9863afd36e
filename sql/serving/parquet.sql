COPY (SELECT * FROM {{rows}} ORDER BY {{key}}) TO {{path}} (FORMAT parquet, COMPRESSION zstd)
