COPY (SELECT * FROM serving_subscribers ORDER BY subscriber_id) TO {{path}} (FORMAT parquet, COMPRESSION zstd)
