INSERT INTO silver_clean_events_rebuild BY NAME SELECT * FROM judged()
