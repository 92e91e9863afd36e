-- Whose messages the file $1 was said to have, the last time that it was read.
SELECT topic FROM (SELECT (envelope->>'$.topic') AS topic, after_batch, noted_at FROM ledger_envelopes WHERE kafka_topic = $1)
WHERE topic IS NOT NULL ORDER BY after_batch DESC, noted_at DESC LIMIT 1
