-- Each partition's offsets: how many are covered, where they are, how many are missing, how many occur more than once.
-- Landed, duplicate and rejected offsets are points, gaps are ranges. An offset that is outside the covered range, in a gap, or found twice is
-- repeated, and never compensates for a missing one: `placed` counts each covered offset once. So is each offset of a partition that the ledger has
-- twice: no key forbids it (sql/migrations/0013_no_keys.sql).
WITH ledger AS (
    SELECT kafka_topic, kafka_epoch, kafka_partition, min(start_offset) AS start_offset, max(next_offset) AS next_offset, count(*) - 1 AS copies
    FROM ledger_partitions GROUP BY ALL
), points AS (
    SELECT kafka_topic, kafka_epoch, kafka_partition, kafka_offset, 'landed' AS kind FROM bronze_raw_events
    UNION ALL SELECT kafka_topic, kafka_epoch, kafka_partition, kafka_offset, 'duplicate' FROM bronze_duplicates
    UNION ALL SELECT kafka_topic, kafka_epoch, kafka_partition, kafka_offset, 'rejected' FROM bronze_rejects
), spans AS (
    SELECT kafka_topic, kafka_epoch, kafka_partition, first_offset, max(next_offset) AS next_offset, sum(next_offset - first_offset) AS length
    FROM bronze_gaps GROUP BY ALL
), gaps AS ( -- how far the gaps reach that begin here or earlier, and those that begin earlier
    SELECT *, max(next_offset) OVER so_far AS reached,
        max(next_offset) OVER (so_far ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached_before
    FROM spans
    WINDOW so_far AS (PARTITION BY kafka_topic, kafka_epoch, kafka_partition ORDER BY first_offset)
), gap_counts AS (
    SELECT kafka_topic, kafka_epoch, kafka_partition, sum(length) AS length,
        sum(greatest(0, least(g.next_offset, l.next_offset) - greatest(first_offset, start_offset, reached_before))) FILTER (l.next_offset IS NOT NULL) AS placed
    FROM gaps g LEFT JOIN ledger l USING (kafka_topic, kafka_epoch, kafka_partition)
    GROUP BY ALL
), point_counts AS ( -- ASOF JOIN finds the last gap that begins before each point, fast also when there are many gaps
    SELECT p.kafka_topic, p.kafka_epoch, p.kafka_partition, count(*) AS points, count(*) FILTER (kind = 'landed') AS landed,
        count(*) FILTER (kind = 'duplicate') AS duplicates, count(*) FILTER (kind = 'rejected') AS rejected,
        count(DISTINCT p.kafka_offset) FILTER (p.kafka_offset >= l.start_offset AND p.kafka_offset < l.next_offset
            AND (g.reached IS NULL OR p.kafka_offset >= g.reached)) AS placed
    FROM points p
        LEFT JOIN ledger l USING (kafka_topic, kafka_epoch, kafka_partition)
        ASOF LEFT JOIN gaps g ON p.kafka_topic = g.kafka_topic AND p.kafka_epoch = g.kafka_epoch AND p.kafka_partition = g.kafka_partition
            AND p.kafka_offset >= g.first_offset
    GROUP BY ALL
), counts AS (
    SELECT kafka_topic, kafka_epoch, kafka_partition, coalesce(l.next_offset - l.start_offset, 0) AS offsets, coalesce(landed, 0) AS landed,
        coalesce(duplicates, 0) AS duplicates, coalesce(rejected, 0) AS rejected, coalesce(g.length, 0) AS gaps,
        coalesce(points, 0) + coalesce(g.length, 0) AS found, coalesce(p.placed, 0) + coalesce(g.placed, 0) AS placed,
        coalesce(copies * greatest(1, l.next_offset - l.start_offset), 0) AS copied
    FROM ledger l
        FULL JOIN point_counts p USING (kafka_topic, kafka_epoch, kafka_partition)
        FULL JOIN gap_counts g USING (kafka_topic, kafka_epoch, kafka_partition)
)
SELECT kafka_topic, kafka_epoch, kafka_partition, offsets::BIGINT AS offsets, landed, duplicates, rejected, gaps::BIGINT AS gaps,
    (offsets - placed)::BIGINT AS missing, (found - placed + copied)::BIGINT AS repeated
FROM counts
ORDER BY ALL;
