-- Silver was made again: the days that a model learns from are of the old one.
UPDATE model_progress SET days_sha256 = NULL
