-- Whose messages a file has, from the batch after after_batch on: what `ingest` was told.
SELECT kafka_topic, after_batch, topic
FROM (SELECT kafka_topic, after_batch, noted_at, envelope->>'$.topic' AS topic FROM ledger_envelopes WHERE starts_with(kafka_topic, 'file:'))
WHERE topic IS NOT NULL ORDER BY kafka_topic, after_batch, noted_at
