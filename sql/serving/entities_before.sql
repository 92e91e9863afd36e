-- Of a snapshot that was written before there were several entities: that of the one that there was.
CREATE OR REPLACE TEMP VIEW gold_entities AS SELECT * FROM (VALUES
    (0, 'subscriber', 'subscribers', 'subscriber_id', 'VARCHAR', 'subscriber', 'subscribers', '', 'gold_subscriber_features', 'gold_features_base',
     'gold_features_fresh', 'gold_base', 'churn_label', 'risk of leaving', 'avg_bill_zmw', 'mean_bills', 'Revenue at risk', 'ZMW')
) AS entities(position, entity, plural, key_column, key_type, title, title_plural, description, features_view, features_base, features_delta,
    base_table, label, risk_title, value_feature, value_name, value_title, value_unit);
CREATE OR REPLACE TEMP VIEW gold_columns AS SELECT * FROM (VALUES
    (0, 'subscriber', 'avg_bill_zmw', 'feature', 'avg_bill_zmw', 'mean bill', 'ZMW', '', 0, 1),
    (1, 'subscriber', 'max_days_overdue', 'feature', 'max_days_overdue', 'most days overdue', '', '', 0, 2),
    (2, 'subscriber', 'total_events', 'feature', 'total_events', 'events', '', '', 0, 3),
    (3, 'subscriber', 'avg_signal_dbm', 'feature', 'avg_signal_dbm', 'mean signal', 'dBm', '', 0, 4),
    (4, 'subscriber', 'avg_latency_ms', 'feature', 'avg_latency_ms', 'mean latency', 'ms', '', 0, 5),
    (5, 'subscriber', 'churn_label', 'label', 'churn_label', 'churn label', '', '', 0, 0)
) AS columns(position, entity, name, kind, feature, title, unit, description, days, list_position);
