-- Where the id of the first entity was in the messages of each range of batches: (after_batch, upto].
SELECT kafka_topic, coalesce(envelope->>'$.topic', kafka_topic), coalesce(envelope->>'$.subscriber_id', ''), after_batch,
       lead(after_batch, 1, 9223372036854775807) OVER (PARTITION BY kafka_topic ORDER BY after_batch, noted_at)
FROM ledger_envelopes ORDER BY ALL
