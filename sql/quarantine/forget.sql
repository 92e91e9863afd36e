DROP TABLE IF EXISTS temp.silver_quarantine
