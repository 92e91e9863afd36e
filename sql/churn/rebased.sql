-- Scores of rows in Gold's base changed: copies of the base, which hold them too, are stale.
UPDATE scores_progress SET scores_id = uuid()
