CREATE OR REPLACE TEMP TABLE conflicts AS SELECT kafka_partition::INTEGER AS kafka_partition, kafka_offset FROM conflicting();
DELETE FROM copies USING conflicts WHERE copies.kafka_partition = conflicts.kafka_partition AND copies.kafka_offset = conflicts.kafka_offset;
