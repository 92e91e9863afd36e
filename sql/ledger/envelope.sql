SELECT sha256, envelope::VARCHAR FROM ledger_envelopes WHERE kafka_topic = $1 ORDER BY after_batch DESC, noted_at DESC LIMIT 1
