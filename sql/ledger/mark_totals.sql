-- How far the lake is, for the commit mark: its identity, the number of its last commit, and what all commits brought.
SELECT i.lake_id, i.generation, b.*
FROM lake_identity i,
    (SELECT coalesce(max(batch_id), 0)::BIGINT, coalesce(sum(landed), 0)::BIGINT, coalesce(sum(duplicates), 0)::BIGINT, coalesce(sum(rejected), 0)::BIGINT,
        coalesce(sum(gaps), 0)::BIGINT FROM ledger_batches) b;
