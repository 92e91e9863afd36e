INSERT INTO silver_clean_events BY NAME SELECT * FROM judged()
