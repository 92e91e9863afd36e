-- Gold can be of several entities. gold_entities and gold_columns say which, and what people call them: refine makes these views from the
-- declarations. Until it does, a lake that has a Gold has that of the one entity that there was.
ALTER TABLE refine_progress ADD COLUMN declared_sha256 VARCHAR;
CREATE VIEW gold_entities AS SELECT * FROM (VALUES
    (0, 'subscriber', 'subscribers', 'subscriber_id', 'VARCHAR', 'subscriber', 'subscribers', '', 'gold_subscriber_features', 'gold_features_base',
     'gold_features_fresh', 'gold_base', 'churn_label', 'risk of leaving', 'avg_bill_zmw', 'mean_bills', 'Revenue at risk', 'ZMW')
) AS entities(position, entity, plural, key_column, key_type, title, title_plural, description, features_view, features_base, features_delta,
    base_table, label, risk_title, value_feature, value_name, value_title, value_unit)
WHERE EXISTS (SELECT 1 FROM duckdb_views() WHERE view_name = 'gold_subscriber_features');
CREATE VIEW gold_columns AS SELECT * FROM (VALUES
    (0, 'subscriber', 'avg_bill_zmw', 'feature', 'avg_bill_zmw', 'mean bill', 'ZMW', '', 0, 1),
    (1, 'subscriber', 'max_days_overdue', 'feature', 'max_days_overdue', 'most days overdue', '', '', 0, 2),
    (2, 'subscriber', 'total_events', 'feature', 'total_events', 'events', '', '', 0, 3),
    (3, 'subscriber', 'avg_signal_dbm', 'feature', 'avg_signal_dbm', 'mean signal', 'dBm', '', 0, 4),
    (4, 'subscriber', 'avg_latency_ms', 'feature', 'avg_latency_ms', 'mean latency', 'ms', '', 0, 5),
    (5, 'subscriber', 'churn_label', 'label', 'churn_label', 'churn label', '', '', 0, 0)
) AS columns(position, entity, name, kind, feature, title, unit, description, days, list_position)
WHERE EXISTS (SELECT 1 FROM gold_entities);

-- Scores by the id of the first entity, whatever it is called.
DROP VIEW subscriber_scores;
ALTER TABLE scores_base RENAME COLUMN subscriber_id TO entity_id;
ALTER TABLE scores_fresh RENAME COLUMN subscriber_id TO entity_id;
CREATE VIEW entity_scores AS SELECT * FROM scores_base ANTI JOIN scores_fresh USING (entity_id) UNION ALL SELECT * FROM scores_fresh;
CREATE VIEW subscriber_scores AS SELECT entity_id AS subscriber_id, * EXCLUDE (entity_id) FROM entity_scores; -- its public name
