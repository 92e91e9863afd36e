-- A Gold that an earlier version has made does not name its labels.
SELECT count(*) FROM duckdb_views() WHERE database_name = current_database() AND schema_name = 'main' AND view_name = {{labels_name}}
