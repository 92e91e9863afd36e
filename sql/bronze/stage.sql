-- The batch, each message already parsed (src/ingest/envelope.h). A message that cannot be an event has reject_reason and keeps its bytes; all
-- others are events.
CREATE OR REPLACE TEMP TABLE staged AS
SELECT * REPLACE (kafka_partition::INTEGER AS kafka_partition, quality_score::INTEGER AS quality_score) FROM kafka_batch();
