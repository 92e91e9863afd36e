-- What identifies the events of the batch (src/ingest/parsed.h); `place` is an event's place in the batch.
CREATE OR REPLACE TEMP TABLE staged AS
SELECT * REPLACE (kafka_partition::INTEGER AS kafka_partition) FROM batch_identities();
