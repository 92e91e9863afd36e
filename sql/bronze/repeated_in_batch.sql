-- Copies within the batch: all but the first of each identity. Hashes find the few candidates; the window compares the identities themselves.
CREATE OR REPLACE TEMP TABLE copies AS
WITH candidates AS (
    SELECT kafka_partition, kafka_offset, source_system, event_id, event_timestamp
    FROM staged
    WHERE reject_reason IS NULL
        AND hash(event_id, event_timestamp) IN (SELECT hash(event_id, event_timestamp) FROM staged WHERE reject_reason IS NULL GROUP BY 1 HAVING count(*) > 1)
)
SELECT kafka_partition, kafka_offset FROM candidates
QUALIFY row_number() OVER (PARTITION BY source_system, event_id, event_timestamp ORDER BY kafka_partition, kafka_offset) > 1;
