-- A table of a snapshot, in the order that it has there: sorting all of it may need more memory than there is for earlier generations.
COPY (SELECT * FROM {{rows}}) TO {{path}} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480)
