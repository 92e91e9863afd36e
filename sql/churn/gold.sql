-- The entity that a model is of. No row: there is no Gold yet. The label's column may be missing in a Gold of other declarations.
SELECT key_column, features_view, label, entity, plural, title, title_plural, features_base, features_delta, base_table,
       regexp_replace(base_table, 'base$', 'state') AS state, regexp_replace(base_table, 'base$', 'labels') AS labels
FROM gold_entities
WHERE risk_title IS NOT NULL AND EXISTS (SELECT 1 FROM duckdb_views() AS v WHERE v.view_name = features_view)
