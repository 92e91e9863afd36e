-- Events of the batch that share their identity, numbered in their order. Hashes find the few candidates; the window compares the identities
-- themselves.
WITH candidates AS (
    SELECT place, kafka_partition, kafka_offset, source_system, event_id, event_timestamp
    FROM staged
    WHERE hash(event_id, event_timestamp) IN (SELECT hash(event_id, event_timestamp) FROM staged GROUP BY 1 HAVING count(*) > 1)
)
SELECT place, row_number() OVER (PARTITION BY source_system, event_id, event_timestamp ORDER BY kafka_partition, kafka_offset) AS n
FROM candidates
QUALIFY count(*) OVER (PARTITION BY source_system, event_id, event_timestamp) > 1
