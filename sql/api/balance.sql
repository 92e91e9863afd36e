-- What the ledger has read, and what became of it. `smelt audit` proves the same from the tables.
SELECT o.offsets, p.landed, p.duplicates, p.rejected, p.gaps, l.lost, o.offsets - p.landed - p.duplicates - p.rejected - p.gaps AS difference
FROM (SELECT coalesce(sum(next_offset - start_offset), 0)::BIGINT AS offsets FROM ledger_partitions) AS o, serving_pipeline AS p,
     (SELECT coalesce(max(lost_in_all), 0)::BIGINT AS lost FROM serving_losses) AS l
