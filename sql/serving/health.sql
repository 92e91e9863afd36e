-- One row: the facts by which each layer's health is judged. Runs on a snapshot or on the live views.
SELECT p.as_of, p.landed, p.rejected, (SELECT coalesce(max(lost_in_all), 0)::BIGINT FROM serving_losses) AS lost, (SELECT to_json(list({'reason': rule, 'events': events, 'example': example} ORDER BY events DESC)) FROM serving_quarantine WHERE layer = 'bronze') AS rejects, p.silver, p.quarantined, p.ingested_at, p.refined_at, p.pending_events, p.pending_since, p.newest_event_at,
       g.entities, e.title AS entity_title, e.title_plural AS entity_titles, e.label,  p.scores, p.scored_at, m.model_id, m.trained_at, m.auc, m.label_source,
       (SELECT to_json(list({'event_type': event_type, 'owner': owner, 'freshness_seconds': freshness_seconds, 'latency_seconds': latency_seconds,
            'retention_seconds': retention_seconds, 'oldest_event_at': oldest_event_at, 'newest_event_at': newest_event_at} ORDER BY position))
        FROM serving_contracts WHERE freshness_seconds > 0 OR latency_seconds > 0 OR retention_seconds > 0) AS promises,
       m.metadata->>'$.kind' AS model_kind, m.metadata->>'$.until' AS model_until,
       (SELECT model_id || ': ' || note FROM (FROM serving_models ORDER BY trained_at DESC LIMIT 1) WHERE promoted_at IS NULL) AS model_candidate,
       r.run_id, r.state AS run_state, r.started_at AS run_started_at, r.error AS run_error, l.partitions,
       (SELECT count(*) > 0 FROM duckdb_columns() WHERE table_name = e.features_view AND column_name = e.label) AS has_label
FROM serving_pipeline AS p, (SELECT count(*) AS entities FROM serving_gold) AS g, (SELECT * FROM gold_entities WHERE risk_title IS NOT NULL) AS e,
     (SELECT to_json(list({'topic': kafka_topic, 'partition': kafka_partition, 'next_offset': next_offset})) AS partitions FROM (
          SELECT * FROM ledger_partitions QUALIFY kafka_epoch = max(kafka_epoch) OVER (PARTITION BY kafka_topic))) AS l
LEFT JOIN (SELECT * FROM serving_models ORDER BY promoted_at DESC NULLS LAST, trained_at DESC LIMIT 1) AS m ON true
LEFT JOIN (SELECT * FROM serving_runs WHERE state <> 'running' ORDER BY started_at DESC LIMIT 1) AS r ON true
