CREATE OR REPLACE VIEW gold_entities AS SELECT * FROM (VALUES
    (0, 'subscriber', 'subscribers', 'subscriber_id', 'VARCHAR', 'subscriber', 'subscribers', '', 'gold_subscriber_features', 'gold_features_base', 'gold_features_fresh', 'gold_base', NULL::VARCHAR, 'risk', NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR, 'earth', 'last_level', 'mean_phase')
) AS entities(position, entity, plural, key_column, key_type, title, title_plural, description, features_view,
    features_base, features_delta, base_table, label, risk_title, value_feature, value_name, value_title, value_unit,
    place, place_x, place_y);
CREATE OR REPLACE VIEW gold_columns AS SELECT * FROM (VALUES
    (0, 'subscriber', 'readings', 'feature', 'readings', 'readings', '', '', 0, 1, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (1, 'subscriber', 'readings_1d', 'feature', 'readings', 'readings', '', '', 1, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (2, 'subscriber', 'readings_7d', 'feature', 'readings', 'readings', '', '', 7, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (3, 'subscriber', 'readings_30d', 'feature', 'readings', 'readings', '', '', 30, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (4, 'subscriber', 'high_readings', 'feature', 'high_readings', 'high readings', '', '', 0, 2, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (5, 'subscriber', 'high_readings_1d', 'feature', 'high_readings', 'high readings', '', '', 1, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (6, 'subscriber', 'high_readings_7d', 'feature', 'high_readings', 'high readings', '', '', 7, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (7, 'subscriber', 'high_readings_30d', 'feature', 'high_readings', 'high readings', '', '', 30, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (8, 'subscriber', 'odd_readings', 'feature', 'odd_readings', 'odd readings', '', '', 0, 3, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (9, 'subscriber', 'kwh', 'feature', 'kwh', 'kwh', '', '', 0, 4, NULL::VARCHAR, 'sum', 'reading_kwh'),
    (10, 'subscriber', 'kwh_1d', 'feature', 'kwh', 'kwh', '', '', 1, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (11, 'subscriber', 'kwh_7d', 'feature', 'kwh', 'kwh', '', '', 7, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (12, 'subscriber', 'kwh_30d', 'feature', 'kwh', 'kwh', '', '', 30, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (13, 'subscriber', 'mean_kwh', 'feature', 'mean_kwh', 'mean kwh', '', '', 0, 5, 'higher', 'avg', 'reading_kwh'),
    (14, 'subscriber', 'mean_kwh_1d', 'feature', 'mean_kwh', 'mean kwh', '', '', 1, 0, 'higher', NULL::VARCHAR, NULL::VARCHAR),
    (15, 'subscriber', 'mean_kwh_7d', 'feature', 'mean_kwh', 'mean kwh', '', '', 7, 0, 'higher', NULL::VARCHAR, NULL::VARCHAR),
    (16, 'subscriber', 'mean_kwh_30d', 'feature', 'mean_kwh', 'mean kwh', '', '', 30, 0, 'higher', NULL::VARCHAR, NULL::VARCHAR),
    (17, 'subscriber', 'mean_phase', 'feature', 'mean_phase', 'mean phase', '', '', 0, 6, NULL::VARCHAR, 'avg', 'phase_number'),
    (18, 'subscriber', 'mean_phase_1d', 'feature', 'mean_phase', 'mean phase', '', '', 1, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (19, 'subscriber', 'mean_phase_7d', 'feature', 'mean_phase', 'mean phase', '', '', 7, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (20, 'subscriber', 'mean_phase_30d', 'feature', 'mean_phase', 'mean phase', '', '', 30, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (21, 'subscriber', 'lowest_kwh', 'feature', 'lowest_kwh', 'lowest kwh', '', '', 0, 7, 'lower', NULL::VARCHAR, NULL::VARCHAR),
    (22, 'subscriber', 'lowest_kwh_1d', 'feature', 'lowest_kwh', 'lowest kwh', '', '', 1, 0, 'lower', NULL::VARCHAR, NULL::VARCHAR),
    (23, 'subscriber', 'lowest_kwh_7d', 'feature', 'lowest_kwh', 'lowest kwh', '', '', 7, 0, 'lower', NULL::VARCHAR, NULL::VARCHAR),
    (24, 'subscriber', 'lowest_kwh_30d', 'feature', 'lowest_kwh', 'lowest kwh', '', '', 30, 0, 'lower', NULL::VARCHAR, NULL::VARCHAR),
    (25, 'subscriber', 'highest_kwh', 'feature', 'highest_kwh', 'highest kwh', '', '', 0, 8, NULL::VARCHAR, 'max', 'reading_kwh'),
    (26, 'subscriber', 'highest_kwh_1d', 'feature', 'highest_kwh', 'highest kwh', '', '', 1, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (27, 'subscriber', 'highest_kwh_7d', 'feature', 'highest_kwh', 'highest kwh', '', '', 7, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (28, 'subscriber', 'highest_kwh_30d', 'feature', 'highest_kwh', 'highest kwh', '', '', 30, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (29, 'subscriber', 'first_install', 'feature', 'first_install', 'first install', '', '', 0, 9, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (30, 'subscriber', 'first_install_7d', 'feature', 'first_install', 'first install', '', '', 7, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (31, 'subscriber', 'last_kind', 'feature', 'last_kind', 'last kind', '', '', 0, 10, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (32, 'subscriber', 'last_kind_1d', 'feature', 'last_kind', 'last kind', '', '', 1, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (33, 'subscriber', 'last_kind_7d', 'feature', 'last_kind', 'last kind', '', '', 7, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (34, 'subscriber', 'last_kind_30d', 'feature', 'last_kind', 'last kind', '', '', 30, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (35, 'subscriber', 'last_level', 'feature', 'last_level', 'last level', '', '', 0, 11, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (36, 'subscriber', 'heavy', 'label', 'heavy', 'heavy', '', '', 0, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),
    (37, 'subscriber', 'quiet', 'label', 'quiet', 'quiet', '', '', 0, 0, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR)
) AS columns(position, entity, name, kind, feature, title, unit, description, days, list_position, worse, aggregate, source);
CREATE OR REPLACE VIEW silver_contracts AS SELECT * FROM (VALUES
    (0, 'METER', NULL::VARCHAR, 'meter-events', '2.0.0', NULL::VARCHAR, NULL::VARCHAR, NULL::BIGINT, NULL::BIGINT, NULL::BIGINT)
) AS contracts(position, event_type, topic, contract_id, version, owner, support, freshness_seconds, latency_seconds,
    retention_seconds);
