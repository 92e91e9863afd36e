-- The messages as they are.
CREATE TABLE queue (raw String) ENGINE = Kafka SETTINGS kafka_broker_list = '{bootstrap}', kafka_topic_list = '{topic}', kafka_group_name = '{group}',
    kafka_format = 'RawBLOB', kafka_num_consumers = 2, kafka_thread_per_consumer = 1, kafka_max_block_size = 131072, kafka_poll_max_batch_size = 65536,
    kafka_flush_interval_ms = 1000;
CREATE TABLE bronze (kafka_partition Int32, kafka_offset Int64, kafka_timestamp Nullable(DateTime64(3, 'UTC')), value String)
    ENGINE = MergeTree ORDER BY (kafka_partition, kafka_offset) SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
CREATE MATERIALIZED VIEW landing TO bronze AS
    SELECT _partition AS kafka_partition, _offset AS kafka_offset, _timestamp_ms AS kafka_timestamp, raw AS value FROM queue;
