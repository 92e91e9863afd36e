-- The gaps that had messages, the newest first; the column lost_in_all: the offsets of all of them. sql/serving/views.sql has the same reasons.
-- A gap of another reason is a marker of a transaction, or an aborted or compacted message. IN is what DuckDB prunes row groups by: those that
-- hold only such gaps, one per transaction, are not read.
SELECT kafka_topic AS topic, kafka_epoch AS epoch, kafka_partition AS "partition", first_offset, next_offset, reason, noticed_at,
    (sum(next_offset - first_offset) OVER ())::BIGINT AS lost_in_all
FROM bronze_gaps WHERE reason IN ('lost', 'retention', 'unreadable')
ORDER BY noticed_at DESC, topic, epoch, "partition", first_offset LIMIT 20;
