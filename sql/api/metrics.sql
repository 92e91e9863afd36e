-- Rows of metric, value and up to two labels. $1: the generation, 0 when live. The table in src/web/metrics_table.c lists every metric.
WITH pipeline AS MATERIALIZED (SELECT * FROM serving_pipeline),
bands AS MATERIALIZED (SELECT coalesce(risk_band, 'unscored') AS band, count(*) AS entities FROM serving_entities GROUP BY ALL),
newest_model AS MATERIALIZED (SELECT * FROM serving_models ORDER BY promoted_at DESC NULLS LAST, trained_at DESC LIMIT 1),
layers AS (
    SELECT unnest(['bronze', 'silver', 'quarantine', 'gold', 'scores']) AS layer, unnest([landed, silver, quarantined, entities, scores]) AS row_count,
           unnest([ingested_at, refined_at, NULL, refined_at, scored_at]) AS updated_at,
           unnest([newest_event_at, refined_event_at, NULL, refined_event_at, NULL]) AS newest_event_at
    FROM (SELECT *, CASE WHEN pending_events = 0 THEN newest_event_at END AS refined_event_at FROM pipeline),
         (SELECT coalesce(sum(entities), 0)::BIGINT AS entities FROM bands)),
types AS (SELECT event_type, sum(events) AS events FROM serving_hours GROUP BY event_type ORDER BY events DESC, event_type LIMIT 21)
SELECT metric, value::DOUBLE AS value, label1, value1, label2, value2 FROM (
    SELECT 'smelt_snapshot_generation' AS metric, $1 AS value, NULL AS label1, NULL AS value1, NULL AS label2, NULL AS value2
    UNION ALL
    SELECT 'smelt_snapshot_published_timestamp_seconds', epoch(as_of), NULL, NULL, NULL, NULL FROM pipeline WHERE $1 > 0
    UNION ALL
    SELECT 'smelt_layer_rows', row_count, 'layer', layer, NULL, NULL FROM layers
    UNION ALL
    SELECT 'smelt_layer_updated_timestamp_seconds', epoch(updated_at), 'layer', layer, NULL, NULL FROM layers
    UNION ALL
    SELECT 'smelt_layer_newest_event_timestamp_seconds', epoch(newest_event_at), 'layer', layer, NULL, NULL FROM layers
    UNION ALL
    SELECT 'smelt_bronze_offsets_total', unnest([landed, duplicates, rejected, gaps - lost, lost]), 'fate',
           unnest(['landed', 'duplicate', 'rejected', 'gap', 'lost']), NULL, NULL
    FROM pipeline, (SELECT coalesce(max(lost_in_all), 0)::BIGINT AS lost FROM serving_losses)
    UNION ALL
    SELECT 'smelt_recent_events', events, 'event_type', event_type, NULL, NULL FROM types
    UNION ALL
    SELECT 'smelt_quarantined_events', sum(events), 'layer', layer, 'rule', rule FROM serving_quarantine GROUP BY layer, rule
    UNION ALL
    SELECT unnest(['smelt_contract_quarantined_events', 'smelt_contract_newest_event_timestamp_seconds', 'smelt_contract_oldest_event_timestamp_seconds',
                   'smelt_contract_freshness_seconds', 'smelt_contract_latency_seconds', 'smelt_contract_retention_seconds']),
           unnest([sum(quarantined), max(epoch(newest_event_at)), min(epoch(oldest_event_at)), min(freshness_seconds), min(latency_seconds),
                   min(retention_seconds)]), 'event_type', event_type, 'owner', coalesce(owner, '')
    FROM serving_contracts GROUP BY event_type, owner
    UNION ALL
    SELECT 'smelt_drift_events', sum(events), 'kind', kind, NULL, NULL FROM silver_drift GROUP BY kind
    UNION ALL
    SELECT 'smelt_refine_pending_events', pending_events, NULL, NULL, NULL, NULL FROM pipeline
    UNION ALL
    SELECT 'smelt_refine_pending_since_timestamp_seconds', epoch(pending_since), NULL, NULL, NULL, NULL FROM pipeline
    UNION ALL
    SELECT 'smelt_entities_by_risk', b.entities, 'entity', e.entity, 'risk', band FROM bands AS b, gold_entities AS e WHERE e.risk_title IS NOT NULL AND e.label IS NOT NULL
    UNION ALL -- its public name where the entity is called so
    SELECT 'smelt_subscribers', b.entities, 'risk', band, NULL, NULL FROM bands AS b, gold_entities AS e WHERE e.risk_title IS NOT NULL AND e.entity = 'subscriber'
    UNION ALL
    SELECT 'smelt_partition_next_offset', next_offset, 'topic', kafka_topic, 'partition', kafka_partition::VARCHAR
    FROM ledger_partitions WHERE NOT starts_with(kafka_topic, 'file:') QUALIFY kafka_epoch = max(kafka_epoch) OVER (PARTITION BY kafka_topic)
    UNION ALL
    SELECT 'smelt_model_trained_timestamp_seconds', epoch(trained_at), NULL, NULL, NULL, NULL FROM newest_model
    UNION ALL
    SELECT 'smelt_model_training_rows', training_rows, NULL, NULL, NULL, NULL FROM newest_model
    UNION ALL
    SELECT unnest(['smelt_model_auc', 'smelt_model_pr_auc', 'smelt_model_log_loss']), unnest([auc, pr_auc, log_loss]), NULL, NULL, NULL, NULL
    FROM newest_model)
WHERE value IS NOT NULL
ORDER BY metric, value1, value2
