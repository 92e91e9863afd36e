INSERT INTO silver_quarantine_rebuild BY NAME SELECT * FROM quarantined()
