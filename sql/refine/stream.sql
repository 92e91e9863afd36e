-- One chunk at a time. DuckDB buffers more by the size of their rows, though each chunk keeps the vectors that its rows were filtered from.
SET streaming_buffer_size = '1KB'
