SELECT count(*) FROM exported_rows
