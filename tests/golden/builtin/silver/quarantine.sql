INSERT INTO silver_quarantine BY NAME SELECT * FROM quarantined()
