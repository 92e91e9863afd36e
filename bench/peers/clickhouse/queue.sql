-- From Kafka to the table bronze. Numbers and objects are read as texts, so that a wrong one rejects nothing else.
CREATE TABLE queue (id String, type Nullable(String), source String, subscriber_id String, timestamp String, payload String, quality_score String)
    ENGINE = Kafka SETTINGS kafka_broker_list = '{bootstrap}', kafka_topic_list = '{topic}', kafka_group_name = '{group}', kafka_format = 'JSONEachRow',
    kafka_num_consumers = {consumers}, kafka_thread_per_consumer = {parallel}, kafka_max_block_size = 131072, kafka_poll_max_batch_size = 65536,
    kafka_flush_interval_ms = {flush_ms}, kafka_poll_timeout_ms = 500, kafka_handle_error_mode = 'stream', input_format_json_read_objects_as_strings = 1,
    input_format_json_read_numbers_as_strings = 1, input_format_json_read_bools_as_strings = 1, input_format_json_read_arrays_as_strings = 1,
    input_format_skip_unknown_fields = 1, input_format_null_as_default = 1;
CREATE MATERIALIZED VIEW landing TO bronze AS
    SELECT id AS event_id, type AS event_type, source AS source_system, subscriber_id,
        parseDateTime64BestEffortOrNull(timestamp, 6, 'UTC') AS event_timestamp, payload AS raw_payload, toInt32OrNull(quality_score) AS quality_score,
        if(_error != '' OR empty(id) OR empty(source), _raw_message, '') AS rejected, now64(6) AS ingested_at, _partition AS kafka_partition,
        _offset AS kafka_offset, _timestamp_ms AS kafka_timestamp
    FROM queue;
