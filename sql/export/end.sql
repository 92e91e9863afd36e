DROP TABLE IF EXISTS exported_rows
