-- The first entity: a model is of that one. No row: there is no Gold yet. The label's column may be missing in a Gold of other declarations.
SELECT key_column, features_view, label, entity, plural, title, title_plural
FROM gold_entities
WHERE position = 0 AND EXISTS (SELECT 1 FROM duckdb_views() AS v WHERE v.view_name = features_view)
