-- Events of the batch that share their identity, numbered in their order. Hashes find the few candidates; the window compares the identities
-- themselves.
CREATE OR REPLACE TEMP TABLE repeated AS
WITH candidates AS (
    SELECT kafka_partition, kafka_offset, source_system, event_id, event_timestamp
    FROM staged
    WHERE hash(event_id, event_timestamp) IN (SELECT hash(event_id, event_timestamp) FROM staged GROUP BY 1 HAVING count(*) > 1)
)
SELECT kafka_partition, kafka_offset, row_number() OVER (PARTITION BY source_system, event_id, event_timestamp ORDER BY kafka_partition, kafka_offset) AS n
FROM candidates;
-- What looks like a copy: here all but the first of each identity, later what is in Bronze, with its row there.
CREATE OR REPLACE TEMP TABLE copies AS SELECT kafka_partition, kafka_offset, NULL::BIGINT AS bronze_row FROM repeated WHERE n > 1;
