-- serving/advance_quality then counts everything.
DELETE FROM quality_hours;
UPDATE quality_progress SET silver_batch = -1, bronze_batch = -1, merged_rows = 0;
