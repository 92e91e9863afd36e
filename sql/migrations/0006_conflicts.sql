-- An event that has the source, id and time of an earlier one and another content is kept. Before, it was taken for a copy.
ALTER TABLE bronze_raw_events ADD COLUMN conflict BOOLEAN; -- NULL: it is the first of its identity
ALTER TABLE IF EXISTS silver_quarantine ADD COLUMN IF NOT EXISTS corrected_by VARCHAR;
