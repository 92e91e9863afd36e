-- What the commits up to $1 are: their totals, and when the last of them was made.
SELECT coalesce(sum(landed), 0)::BIGINT, coalesce(sum(duplicates), 0)::BIGINT, coalesce(sum(rejected), 0)::BIGINT,
    coalesce(epoch_us(max(committed_at) FILTER (batch_id = $1)), 0)
FROM ledger_batches WHERE batch_id <= $1
