INSERT INTO ledger_envelopes (kafka_topic, sha256, envelope, after_batch, noted_at)
SELECT $1, $2, $3, coalesce(max(batch_id), 0), $4 FROM ledger_batches
