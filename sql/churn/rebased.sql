-- Scores of rows in Gold's base changed: copies of the base, which hold them too, are stale.
UPDATE {{base_table}} SET base_id = uuid()
