-- Gold can be of several entities. gold_entities and gold_columns say which, and what people call them: refine makes these views from the
-- declarations. Until it does, a lake that has a Gold has that of the one entity that there was.
ALTER TABLE refine_progress ADD COLUMN declared_sha256 VARCHAR;
CREATE VIEW gold_entities AS SELECT * FROM (VALUES
    (0, 'subscriber', 'subscribers', 'subscriber_id', 'VARCHAR', 'subscriber', 'subscribers', '', 'gold_subscriber_features', 'gold_features_base',
     'gold_features_fresh', 'gold_base', 'churn_label', 'risk', NULL, NULL, NULL, NULL)
) AS entities(position, entity, plural, key_column, key_type, title, title_plural, description, features_view, features_base, features_delta,
    base_table, label, risk_title, value_feature, value_name, value_title, value_unit)
WHERE EXISTS (SELECT 1 FROM duckdb_views() WHERE view_name = 'gold_subscriber_features');
CREATE VIEW gold_columns AS SELECT * FROM (VALUES
    (0, 'subscriber', 'total_events', 'feature', 'total_events', 'total events', '', '', 0, 0)
) AS columns(position, entity, name, kind, feature, title, unit, description, days, list_position)
WHERE false;
