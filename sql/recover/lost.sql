-- Offsets that were in the lake and that nothing has any more: a gap with a reason of its own.
INSERT INTO bronze_gaps (kafka_topic, kafka_epoch, kafka_partition, first_offset, next_offset, reason, batch_id, noticed_at)
VALUES ($1, $2, $3, $4, $5, 'lost', $6, now());
