-- What a migration changed in the data of a lake, as sentences: logged once it is done.
CREATE TABLE lake_notes (version INTEGER NOT NULL, note VARCHAR NOT NULL);

-- The last message that was read of a partition, and the leader epoch under which it was written (KIP-320): a log that was cut off behind our
-- offset and grew again has other messages there, and the ledger notices. NULL: not known.
ALTER TABLE ledger_partitions ADD COLUMN last_offset BIGINT;
ALTER TABLE ledger_partitions ADD COLUMN leader_epoch INTEGER;

-- Offsets that no broker ever had: when a leader was just lost, the client library's number for "not known" (-1001) was stored as an offset. A
-- partition that was never read begins again as a new one; one that was read begins where its first message could be.
CREATE TEMP TABLE impossible_gaps AS SELECT * FROM bronze_gaps WHERE first_offset < 0;
INSERT INTO lake_notes (version, note)
SELECT 7, format('{} partition {}: the ledger had offsets {} to {}, which Kafka never has: ', kafka_topic, kafka_partition, start_offset, next_offset)
    || CASE WHEN next_offset < 0 THEN 'it is read as a new partition' ELSE format('corrected, and {} gaps that never were are removed',
        (SELECT count(*) FROM impossible_gaps g WHERE (g.kafka_topic, g.kafka_epoch, g.kafka_partition) = (l.kafka_topic, l.kafka_epoch, l.kafka_partition))) END
FROM ledger_partitions l WHERE start_offset < 0 OR next_offset < 0 ORDER BY kafka_topic, kafka_epoch, kafka_partition;
UPDATE ledger_batches SET gaps = ledger_batches.gaps - removed.gaps
FROM (SELECT batch_id, sum(next_offset - first_offset)::BIGINT AS gaps FROM impossible_gaps GROUP BY batch_id) removed
WHERE ledger_batches.batch_id = removed.batch_id;
DELETE FROM bronze_gaps WHERE first_offset < 0;
DELETE FROM ledger_partitions WHERE next_offset < 0;
UPDATE ledger_partitions SET start_offset = coalesce((SELECT max(g.next_offset) FROM impossible_gaps g
    WHERE (g.kafka_topic, g.kafka_epoch, g.kafka_partition)
        = (ledger_partitions.kafka_topic, ledger_partitions.kafka_epoch, ledger_partitions.kafka_partition) AND g.next_offset >= 0), 0)
WHERE start_offset < 0;
DROP TABLE impossible_gaps;

-- What the first bytes of a message that is not an event say about its sender. NULL: nothing.
CREATE MACRO encoding_hint(bytes) AS CASE
    WHEN bytes[1:2] IN ('\xFF\xFE'::BLOB, '\xFE\xFF'::BLOB) OR bytes[1:4] IN ('{\x00"\x00'::BLOB, '\x00{\x00"'::BLOB) THEN 'UTF-16 text: the sender must write UTF-8'
    WHEN bytes[1:1] = '\x00'::BLOB AND octet_length(bytes) >= 5
        THEN 'begins with the prefix of a Schema Registry serializer: the sender must use a plain JSON serializer'
    WHEN bytes[1:2] = '\x1F\x8B'::BLOB THEN 'compressed with gzip before it was sent: leave compression to the producer (compression.type)'
    WHEN bytes[1:4] = '\x28\xB5\x2F\xFD'::BLOB THEN 'compressed with zstd before it was sent: leave compression to the producer (compression.type)'
    WHEN bytes[1:3] = '\xEF\xBB\xBF'::BLOB THEN 'begins with a byte order mark: the sender must leave it out'
    WHEN bytes[1:4] = 'Obj\x01'::BLOB THEN 'an Avro file: the sender must write JSON'
    WHEN bytes[1:1] = '<'::BLOB THEN 'XML or HTML: the sender must write JSON'
    WHEN bytes[1:2] = '"{'::BLOB THEN 'JSON inside a JSON text: the sender has serialized it twice'
END;

-- The key of a record, and its headers: [[name, value], ...]. Of rejected messages always, of others with ingest.keep_keys.
CREATE TABLE bronze_keys (
    kafka_topic VARCHAR NOT NULL, kafka_epoch INTEGER NOT NULL, kafka_partition INTEGER NOT NULL, kafka_offset BIGINT NOT NULL, kafka_key BLOB,
    kafka_headers JSON, batch_id BIGINT NOT NULL
);
ALTER TABLE bronze_rejects ADD COLUMN kafka_key BLOB;
ALTER TABLE bronze_rejects ADD COLUMN kafka_headers JSON;
