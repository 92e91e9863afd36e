-- How many of the tables that refine makes are missing.
SELECT 3 - count(*) FROM information_schema.tables
WHERE table_catalog = current_database() AND table_schema = 'main' AND table_name IN ('silver_clean_events', 'silver_quarantine', 'silver_drift')
