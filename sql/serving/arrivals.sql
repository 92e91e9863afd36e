-- How long the events took that came since the last publish, before serving/advance counts them: all of them, or of millions about 100,000, chosen by
-- their offsets. One row, for publish/history. Files have no record time; a clock that is ahead makes no negative time. Times are subtracted as
-- numbers: DuckDB takes the difference of two TIMESTAMPTZ by the calendar, which costs microseconds a row.
CREATE OR REPLACE TEMP TABLE publish_arrivals AS
SELECT quantile_cont(arrival, [0.5, 0.95]) AS arrival, quantile_cont(publish, [0.5, 0.95]) AS publish
FROM (SELECT greatest(0, epoch_us(ingested_at) - epoch_us(kafka_timestamp)) / 1e6 AS arrival,
             CASE WHEN batch_id <= (SELECT batch_id FROM refine_progress) THEN greatest(0, epoch_us(now()) - epoch_us(kafka_timestamp)) / 1e6 END AS publish
      FROM bronze_raw_events
      WHERE batch_id > (SELECT batch_id FROM serving_progress) AND kafka_timestamp IS NOT NULL
        AND kafka_offset % (SELECT coalesce(sum(landed), 0)::BIGINT // 100000 + 1 FROM ledger_batches
                            WHERE batch_id > (SELECT batch_id FROM serving_progress)) = 0)
