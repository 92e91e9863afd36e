-- Each partition's offsets: how many are covered, where they are, how many are missing, how many are there more than once.
-- Landed, duplicate and rejected offsets are points, gaps are ranges; a point inside a gap counts as repeated.
WITH points AS (
    SELECT kafka_topic, kafka_epoch, kafka_partition, kafka_offset, 'landed' AS kind FROM bronze_raw_events
    UNION ALL SELECT kafka_topic, kafka_epoch, kafka_partition, kafka_offset, 'duplicate' FROM bronze_duplicates
    UNION ALL SELECT kafka_topic, kafka_epoch, kafka_partition, kafka_offset, 'rejected' FROM bronze_rejects
), found AS (
    SELECT kafka_topic, kafka_epoch, kafka_partition, count(*) AS points, count(DISTINCT kafka_offset) AS distinct_points,
        count(*) FILTER (kind = 'landed') AS landed, count(*) FILTER (kind = 'duplicate') AS duplicates, count(*) FILTER (kind = 'rejected') AS rejected
    FROM points GROUP BY ALL
), outside AS ( -- points that the ledger does not cover, or that stand inside a gap
    SELECT p.kafka_topic, p.kafka_epoch, p.kafka_partition, count(*) AS outside
    FROM points p LEFT JOIN ledger_partitions l USING (kafka_topic, kafka_epoch, kafka_partition)
    WHERE NOT coalesce(p.kafka_offset >= l.start_offset AND p.kafka_offset < l.next_offset, false)
        OR EXISTS (SELECT 1 FROM bronze_gaps g WHERE g.kafka_topic = p.kafka_topic AND g.kafka_epoch = p.kafka_epoch
            AND g.kafka_partition = p.kafka_partition AND p.kafka_offset >= g.first_offset AND p.kafka_offset < g.next_offset)
    GROUP BY ALL
), gaps AS (
    SELECT kafka_topic, kafka_epoch, kafka_partition, sum(next_offset - first_offset) AS gaps FROM bronze_gaps GROUP BY ALL
)
SELECT kafka_topic, kafka_epoch, kafka_partition, coalesce(l.next_offset - l.start_offset, 0)::BIGINT AS offsets,
    coalesce(landed, 0) AS landed, coalesce(duplicates, 0) AS duplicates, coalesce(rejected, 0) AS rejected, coalesce(gaps, 0)::BIGINT AS gaps,
    greatest(0, offsets - (coalesce(distinct_points, 0) - coalesce(outside, 0)) - gaps)::BIGINT AS missing,
    (coalesce(points - distinct_points, 0) + coalesce(outside, 0) + greatest(0, (coalesce(distinct_points, 0) - coalesce(outside, 0)) + gaps - offsets))::BIGINT AS repeated
FROM ledger_partitions l
    FULL JOIN found USING (kafka_topic, kafka_epoch, kafka_partition)
    LEFT JOIN gaps USING (kafka_topic, kafka_epoch, kafka_partition)
    LEFT JOIN outside USING (kafka_topic, kafka_epoch, kafka_partition)
ORDER BY ALL;
