-- metric, value, up to two labels. Each metric has a line in the table of src/web/metrics.c.
WITH pipeline AS MATERIALIZED (SELECT * FROM serving_pipeline),
bands AS MATERIALIZED (SELECT coalesce(risk_band, 'unscored') AS band, count(*) AS subscribers FROM serving_subscribers GROUP BY ALL),
layers AS (
    SELECT unnest(['bronze', 'silver', 'gold', 'scores']) AS layer, unnest([landed, silver, subscribers, scores]) AS row_count,
           unnest([ingested_at, refined_at, refined_at, scored_at]) AS updated_at
    FROM pipeline, (SELECT coalesce(sum(subscribers), 0)::BIGINT AS subscribers FROM bands))
SELECT metric, value::DOUBLE AS value, label1, value1, label2, value2 FROM (
    SELECT 'smelt_snapshot_published_timestamp_seconds' AS metric, epoch(as_of) AS value, NULL AS label1, NULL AS value1, NULL AS label2, NULL AS value2
    FROM pipeline
    UNION ALL
    SELECT 'smelt_layer_rows', row_count, 'layer', layer, NULL, NULL FROM layers
    UNION ALL
    SELECT 'smelt_layer_updated_timestamp_seconds', epoch(updated_at), 'layer', layer, NULL, NULL FROM layers
    UNION ALL
    SELECT 'smelt_newest_event_timestamp_seconds', epoch(newest_event_at), NULL, NULL, NULL, NULL FROM pipeline
    UNION ALL
    SELECT 'smelt_bronze_offsets_total', unnest([landed, duplicates, rejected, gaps]), 'fate', unnest(['landed', 'duplicate', 'rejected', 'gap']), NULL, NULL
    FROM pipeline
    UNION ALL
    SELECT 'smelt_quarantined_events', sum(events), 'layer', layer, 'rule', rule FROM serving_quarantine GROUP BY layer, rule
    UNION ALL
    SELECT 'smelt_refine_pending_events', pending_events, NULL, NULL, NULL, NULL FROM pipeline
    UNION ALL
    SELECT 'smelt_subscribers', subscribers, 'risk', band, NULL, NULL FROM bands
    UNION ALL
    SELECT 'smelt_partition_next_offset', next_offset, 'topic', kafka_topic, 'partition', kafka_partition::VARCHAR
    FROM ledger_partitions QUALIFY kafka_epoch = max(kafka_epoch) OVER (PARTITION BY kafka_topic)
    UNION ALL
    SELECT 'smelt_model_trained_timestamp_seconds', epoch(max(trained_at)), NULL, NULL, NULL, NULL FROM serving_models
    UNION ALL
    SELECT 'smelt_model_auc', auc, NULL, NULL, NULL, NULL FROM serving_models QUALIFY row_number() OVER (ORDER BY trained_at DESC) = 1)
WHERE value IS NOT NULL
ORDER BY metric, value1, value2
